-- Organisations: those of the register and all that any report names, each under the one key it goes by. | Organismes : ceux
-- du registre et tous ceux que cite un rapport, chacun sous sa clé unique.
--
-- grain: org_id
with mention as (
    select provider_id as org_id, 'name' as attribute, provider_name as stated from core.transaction
    union all
    select receiver_id, 'name', receiver_name from core.transaction
    union all
    select provider_id, 'name', provider_name from core.cofinancing
    union all
    select provider_id, 'name', provider_name from core.time
    union all
    select party_id, 'name', party_name from core.engagement
    union all
    select lead_id, 'name', lead_name from core.project
    union all
    select party_id, 'name', party_name from core.alliance_party
    union all
    select party_id, 'sector', party_sector from core.alliance_party
    union all
    select party_id, 'size_class', size_class from core.alliance_party
    union all
    select party_id, 'naf_section', naf_section from core.alliance_party
    union all
    select party_id, 'model_family', model_family from core.alliance_party
    union all
    select org_id, 'name', name from reference.partners
),

counted as (
    select
        org_id,
        attribute,
        stated,
        count(*) as times
    from mention
    where org_id is not null and stated is not null
    group by org_id, attribute, stated
),

-- What most rows say; of two that as many rows say, the first in the alphabet.
ranked as (
    select
        org_id,
        attribute,
        stated,
        row_number() over (partition by org_id, attribute order by times desc, stated) as place
    from counted
),

said as (
    select
        org_id,
        max(case when attribute = 'name' then stated end) as name,
        max(case when attribute = 'sector' then stated end) as sector,
        max(case when attribute = 'size_class' then stated end) as size_class,
        max(case when attribute = 'naf_section' then stated end) as naf_section,
        max(case when attribute = 'model_family' then stated end) as model_family
    from ranked
    where place = 1
    group by org_id
),

alias as (
    select
        org_id,
        string_agg(alias_id, ' ' order by alias_id) as aliases
    from reference.organisation_alias
    group by org_id
),

partner as (
    select
        org_id,
        min(partner_id) as partner_id
    from reference.partners
    group by org_id
),

known as (
    select org_id from mention
    union
    select org_id from reference.organisations
)

select
    known.org_id,  -- Key of the organisation inside the fund | Clé de l’organisme au sein du fonds
    cast(coalesce(register.name, said.name) as varchar) as name,  -- Name: the register's, else the most stated | Nom : celui du registre, sinon le plus cité
    cast(coalesce(register.sector, said.sector) as varchar) as sector,  -- Sector (code list) | Secteur (liste de codes)
    cast(coalesce(register.size_class, said.size_class) as varchar) as size_class,  -- Size (code list) | Taille (liste de codes)
    cast(coalesce(register.naf_section, said.naf_section) as varchar) as naf_section,  -- Economic section (NAF) | Section d’activité (NAF)
    cast(coalesce(register.model_family, said.model_family) as varchar) as model_family,  -- Model family (code list) | Famille de modèle (liste de codes)
    cast(coalesce(register.is_fund, false) as boolean) as is_fund,  -- Part of the fund | Fait partie du fonds
    cast(register.org_id is not null as boolean) as is_registered,  -- In the fund's register | Présent au registre du fonds
    -- Known by its name only, until someone gives its number | Connu par son seul nom, en attendant son numéro
    cast(starts_with(known.org_id, 'NAME-') as boolean) as is_provisional,
    partner.partner_id,  -- Partner it reports as | Partenaire sous lequel il déclare
    alias.aliases  -- Other keys that lead to it | Autres clés qui mènent à lui
from known
left join said on known.org_id = said.org_id
left join reference.organisations as register on known.org_id = register.org_id
left join alias on known.org_id = alias.org_id
left join partner on known.org_id = partner.org_id
where known.org_id is not null
