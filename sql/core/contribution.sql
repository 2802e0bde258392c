-- The one fact under every figure: each accepted row, by what it measures, whole and shared out; each share kind but sdg_flag
-- sums to the whole, to the cent. | Le fait unique sous chaque chiffre : chaque ligne acceptée, par ce qu’elle mesure, entière
-- et répartie ; chaque type de part sauf sdg_flag totalise l’entier, au centime près.
--
-- grain: measure, share_kind, row_id, target_code, territory_code
with source as (
    select
        'transactions' as kind,
        row_id,
        cast(null as varchar) as member_id,
        project_id,
        partner_id,
        provider_id,
        receiver_id,
        transaction_type_code as category,
        cast(null as varchar) as lever,
        cast(null as varchar) as activation,
        transaction_date as dated_on,
        cast(null as date) as until_on,
        quarter,
        submission_id,
        source_file,
        source_sha256,
        source_sheet
    from core.transaction
    union all
    select
        'cofinancing',
        row_id,
        null,
        project_id,
        partner_id,
        provider_id,
        null,
        origin,
        null,
        null,
        null,
        null,
        null,
        submission_id,
        source_file,
        source_sha256,
        source_sheet
    from core.cofinancing
    union all
    select
        'time',
        row_id,
        null,
        project_id,
        partner_id,
        provider_id,
        null,
        category,
        null,
        null,
        null,
        null,
        quarter,
        submission_id,
        source_file,
        source_sha256,
        source_sheet
    from core.time
    union all
    select
        'engagements',
        row_id,
        coalesce(engagement_id, row_id),
        project_id,
        partner_id,
        party_id,
        null,
        state,
        lever,
        activation,
        engagement_date,
        null,
        quarter,
        submission_id,
        source_file,
        source_sha256,
        source_sheet
    from core.engagement
    union all
    select
        'alliances',
        row_id,
        party_id,
        project_id,
        partner_id,
        party_id,
        null,
        party_role,
        null,
        null,
        active_from,
        party_to,
        cast(year(active_from) as varchar) || '-Q' || cast(quarter(active_from) as varchar),
        submission_id,
        source_file,
        source_sha256,
        source_sheet
    from core.alliance_party
),

measured as (
    select
        row_id,
        measure,
        amount,
        currency,
        amount_eur,
        cast(null as decimal(28, 10)) as quantity,
        'EUR' as unit,
        rate,
        rate_date,
        rate_source,
        -- Each date of a co-financing belongs to its own amount.
        case when measure like 'cofinancing%' then needed_date end as own_date,
        source_cell,
        source_text
    from core.amount
    union all
    select
        row_id,
        measure,
        null,
        null,
        null,
        quantity,
        unit,
        null,
        null,
        null,
        null,
        source_cell,
        source_text
    from core.quantity
),

-- What each share needs to know of the others of its whole: their numerators, with their places in the order of the codes.
sibling as (
    select
        project_id,
        share_kind,
        list(share_num * 1000 + share_place) as siblings
    from core.share
    where share_num < share_den
    group by project_id, share_kind
),

share as (
    select
        share.*,
        sibling.siblings
    from core.share as share
    left join sibling
        on share.project_id = sibling.project_id
        and share.share_kind = sibling.share_kind
        and share.share_num < share.share_den
),

-- Hundredths, counted without their sign; quotient and rest are kept apart, so that no product of cents leaves 64 bits.
shared as (
    select
        source.*,
        measured.* exclude (row_id),
        share.* exclude (project_id),
        coalesce(measured.amount, measured.quantity) as stated,
        cast(abs(measured.amount_eur) * 100 as bigint) as cents,
        cast(floor(abs(coalesce(measured.amount, measured.quantity)) * 100) as hugeint) as parts
    from measured
    inner join source on measured.row_id = source.row_id
    inner join share on source.project_id is not distinct from share.project_id
),

-- Largest remainder: each share is rounded down; the greatest remainders get one hundredth more, ties by target code; what
-- is finer than a hundredth goes to the first in line.
divided as (
    select
        *,
        (cents // nullif(share_den, 0)) * share_num + ((cents % share_den) * share_num) // nullif(share_den, 0) as cents_down,
        (parts // nullif(share_den, 0)) * share_num + ((parts % share_den) * share_num) // nullif(share_den, 0) as parts_down,
        list_sum(list_transform(siblings, lambda s: ((cents % share_den) * (s // 1000)) % share_den))
        // nullif(share_den, 0) as cents_left,
        list_sum(list_transform(siblings, lambda s: (cast(parts % share_den as bigint) * (s // 1000)) % share_den))
        // nullif(share_den, 0) as parts_left,
        array_length(list_filter(
            siblings,
            lambda s: (((cents % share_den) * (s // 1000)) % share_den) * 1000 - s % 1000
            >= (((cents % share_den) * share_num) % share_den) * 1000 - share_place
        )) as cents_place,
        array_length(list_filter(
            siblings,
            lambda s: ((cast(parts % share_den as bigint) * (s // 1000)) % share_den) * 1000 - s % 1000
            >= ((cast(parts % share_den as bigint) * share_num) % share_den) * 1000 - share_place
        )) as parts_place
    from shared
),

part as (
    select
        *,
        case
            when share_num = share_den then amount_eur
            else sign(amount_eur) * cast(cents_down + case when cents_place <= cents_left then 1 else 0 end as decimal(20, 0))
                * cast(0.01 as decimal(3, 2))
        end as part_eur,
        case
            when share_num = share_den then stated
            else sign(stated) * (
                    cast(parts_down + case when parts_place <= parts_left then 1 else 0 end as decimal(26, 0)) * cast(0.01 as decimal(3, 2))
                    + case when parts_place = 1 then abs(stated) - cast(parts as decimal(26, 0)) * cast(0.01 as decimal(3, 2)) else 0 end
                )
        end as part_stated
    from divided
)

select
    measure,  -- What is measured (code list measure) | Ce qui est mesuré (liste de codes measure)
    -- Whole, sdg_how, sdg_what, sdg_flag or territory; only sdg_flag does not sum to the whole
    -- | Whole (entier), sdg_how, sdg_what, sdg_flag ou territory ; seul sdg_flag ne totalise pas l’entier
    share_kind,
    row_id,  -- Accepted row it comes from | Ligne acceptée d’où il vient
    target_code,  -- Target of the share, or none | Cible de la part, ou none (aucune)
    territory_code,  -- Territory of the share, or none | Territoire de la part, ou none (aucun)
    sdg_method,  -- Weights declared, equal, or none | Poids déclarés, égaux, ou aucun
    weight_bp,  -- Share of the whole, rounded [basis points] | Part de l’entier, arrondie
    project_id,  -- Project | Projet
    partner_id,  -- Who reported it | Qui l’a déclaré
    provider_id,  -- Organisation that gives, or that engages | Organisme qui donne, ou qui s’engage
    receiver_id,  -- Organisation that receives | Organisme qui reçoit
    member_id,  -- What a distinct count counts | Ce que compte un décompte distinct
    cast(kind as varchar) as kind,  -- Kind of report row | Nature de la ligne de rapport
    -- Code of the row's own kind: transaction type, origin, time category, state, role
    -- | Code propre à la ligne : type de transaction, origine, catégorie de temps, état, rôle
    category,
    lever,  -- Lever of an engagement | Levier d’un engagement
    activation,  -- Vision, management or action | Vision, gestion ou action
    cast(coalesce(dated_on, own_date) as date) as dated_on,  -- Day of the fact | Jour du fait
    until_on,  -- Last day of what lasts | Dernier jour de ce qui dure
    -- Calendar quarter of that day; null means not dated | Trimestre civil de ce jour ; vide : non daté
    cast(coalesce(
        quarter, cast(year(own_date) as varchar) || '-Q' || cast(quarter(own_date) as varchar)
    ) as varchar) as quarter,
    -- Share of the amount as reported [in the currency of the row] | Part de la somme telle que déclarée
    cast(case when amount is not null then part_stated end as decimal(28, 10)) as amount,
    currency,  -- Currency, ISO 4217 | Devise, ISO 4217
    cast(part_eur as decimal(18, 2)) as amount_eur,  -- Share of the amount in euros [EUR] | Part de la somme en euros
    -- Share of the quantity [in the unit stated] | Part de la quantité
    cast(case when quantity is not null then part_stated end as decimal(28, 10)) as quantity,
    cast(unit as varchar) as unit,  -- Unit of the measure | Unité de la mesure
    rate,  -- Units of the currency for one euro | Unités de la devise pour un euro
    rate_date,  -- Day of the rate | Jour du taux
    rate_source,  -- Who publishes or fixes the rate | Qui publie ou fixe le taux
    submission_id,  -- Report it came in | Rapport qui le contient
    source_file,  -- File it came in | Fichier d’origine
    source_sha256,  -- Hash of that file's bytes | Empreinte des octets de ce fichier
    source_sheet,  -- Sheet of that file | Feuille de ce fichier
    source_cell,  -- Where it stands | Où il se trouve
    source_text  -- As typed | Tel que saisi
from part
