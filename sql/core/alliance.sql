-- Alliances, each as the latest report describes it. | Alliances, chacune telle que le dernier rapport la décrit.
--
-- grain: alliance_id
with ranked as (
    select
        stated.*,
        row_number() over (
            partition by stated.alliance_id
            order by coalesce(stated.period, '') desc, report.position desc, stated.row_id
        ) as place
    from accepted.alliances as stated
    left join ingest.submissions as report on stated.submission_id = report.submission_id
    where stated.alliance_id is not null
),

party as (
    select
        alliance_id,
        count(distinct party_id) as parties_count
    from core.alliance_party
    group by alliance_id
)

select
    ranked.alliance_id,  -- Alliance | Alliance
    ranked.project_id,  -- Project | Projet
    ranked.alliance_name,  -- Name | Nom
    ranked.partnership_type,  -- Type of partnership (code list) | Type de partenariat (liste de codes)
    ranked.catalyst_trade,  -- Trade of the catalyst (code list) | Métier du catalyseur (liste de codes)
    ranked.agreement_ref,  -- Agreement | Convention
    ranked.agreement_date,  -- Day of the agreement | Jour de la convention
    ranked.reviewed_on,  -- Day the partnership was last reviewed | Jour de la dernière revue du partenariat
    cast(coalesce(party.parties_count, 0) as bigint) as parties_count,  -- Distinct organisations [organisations] | Organismes distincts
    ranked.partner_id,  -- Who reported it | Qui l’a déclarée
    ranked.row_id,  -- Row it is taken from | Ligne d’où elle est tirée
    ranked.submission_id,  -- Report it came in | Rapport qui la contient
    ranked.source_file,  -- File it came in | Fichier d’origine
    ranked.source_sheet,  -- Sheet of that file | Feuille de ce fichier
    ranked.source_cell  -- Where the row stands | Où se trouve la ligne
from ranked
left join party on ranked.alliance_id = party.alliance_id
where ranked.place = 1
