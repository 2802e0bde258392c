-- Every quantity that an accepted row states and that is no money: people, hours, days, full-time equivalents, and one for each
-- engagement and each party of an alliance. | Chaque quantité, hors argent, déclarée par une ligne acceptée : personnes,
-- heures, jours, équivalents temps plein, et un pour chaque engagement et chaque partie d’une alliance.
--
-- grain: row_id, measure
with giver as (
    select
        *,
        case category
            when 'mecenat_competences' then 'skills'
            when 'salarie' then 'staff'
            when 'volontaire' then 'staff'
            else 'volunteer'
        end as who
    from accepted.time
),

stated as (
    select
        row_id,
        case who when 'volunteer' then 'volunteers' else who || '_people' end as measure,
        cast(people as decimal(28, 10)) as quantity,
        'persons' as unit,
        people__text as source_text,
        people__cell as source_cell
    from giver
    union all
    select
        row_id,
        who || '_hours',
        hours,
        'h',
        hours__text,
        hours__cell
    from giver
    union all
    select
        row_id,
        who || '_days',
        days,
        'd',
        days__text,
        days__cell
    from giver
    union all
    select
        row_id,
        who || '_fte',
        fte,
        'FTE',
        fte__text,
        fte__cell
    from giver
    union all
    select
        row_id,
        case
            when state is null or state not in ('signed', 'done') then 'unsigned_engagements'
            when is_baseline then 'baseline_engagements'
            else 'engagements'
        end,
        1,
        'engagements',
        lever__text,
        source_cell
    from accepted.engagements
    union all
    select
        row_id,
        'partners',
        1,
        'organisations',
        coalesce(party_id__text, party_name__text),
        coalesce(party_id__cell, party_name__cell, source_cell)
    from accepted.alliances
)

select
    row_id,  -- Accepted row that states the quantity | Ligne acceptée qui déclare la quantité
    cast(measure as varchar) as measure,  -- What it measures (code list measure) | Ce qu’elle mesure (liste de codes measure)
    cast(quantity as decimal(28, 10)) as quantity,  -- Quantity [in the unit stated] | Quantité
    cast(unit as varchar) as unit,  -- Unit | Unité
    source_text,  -- The quantity as typed | La quantité telle que saisie
    source_cell  -- Where it stands in its file | Où elle se trouve dans son fichier
from stated
where quantity is not null
