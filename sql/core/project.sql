-- Projects, each as the latest report declares it; a project that other rows only mention is kept too, as not declared. |
-- Projets, chacun tel que le dernier rapport le déclare ; un projet seulement cité par d’autres lignes est gardé aussi,
-- comme non déclaré.
--
-- grain: project_id
with declared as (
    select
        stated.*,
        row_number() over (
            partition by stated.project_id
            order by coalesce(stated.period, '') desc, report.position desc, stated.row_id
        ) as place
    from accepted.projects as stated
    left join ingest.submissions as report on stated.submission_id = report.submission_id
),

mentioned as (
    select project_id from accepted.projects
    union
    select project_id from accepted.sdg_links
    union
    select project_id from core.transaction
    union
    select project_id from core.cofinancing
    union
    select project_id from core.engagement
    union
    select project_id from core.time
    union
    select project_id from core.alliance_party
)

select
    mentioned.project_id,  -- Project | Projet
    cast(declared.row_id is not null as boolean) as is_declared,  -- Declared, not only mentioned | Déclaré, et non seulement cité
    declared.title,  -- Title | Intitulé
    declared.project_kind,  -- Kind of project (code list) | Nature du projet (liste de codes)
    declared.description,  -- What it is about | De quoi il s’agit
    cast(coalesce(leader.org_id, declared.lead_id) as varchar) as lead_id,  -- Leading organisation, after aliases | Chef de file, après alias
    declared.lead_name,  -- Its name as reported | Son nom tel que déclaré
    declared.status_code,  -- Status, IATI code | État, code IATI
    declared.planned_start_date,  -- Planned start | Début prévu
    declared.planned_end_date,  -- Planned end | Fin prévue
    declared.actual_start_date,  -- Actual start | Début réel
    declared.actual_end_date,  -- Actual end | Fin réelle
    declared.scale,  -- Scale, from commune to world (code list) | Échelle, de la commune au monde (liste de codes)
    declared.territory_code,  -- Territory; null means not located | Territoire ; vide : non localisé
    declared.cog_year,  -- Year of the official geographic code | Millésime du code officiel géographique
    declared.country_code,  -- Country, ISO 3166-1 | Pays, ISO 3166-1
    declared.wave_id,  -- Wave of investments | Vague d’investissements
    declared.evidence_tier,  -- How far it has been shown (code list) | Niveau de preuve (liste de codes)
    declared.partner_id,  -- Who declared it | Qui l’a déclaré
    declared.period,  -- Quarter of the report it is taken from | Trimestre du rapport d’où il est tiré
    declared.row_id,  -- Row it is taken from | Ligne d’où il est tiré
    declared.submission_id,  -- Report it came in | Rapport qui le contient
    declared.source_file,  -- File it came in | Fichier d’origine
    declared.source_sheet,  -- Sheet of that file | Feuille de ce fichier
    declared.source_cell  -- Where the row stands | Où se trouve la ligne
from mentioned
left join declared on mentioned.project_id = declared.project_id and declared.place = 1
left join reference.organisation_alias as leader on declared.lead_id = leader.alias_id and leader.valid_from is null
where mentioned.project_id is not null
