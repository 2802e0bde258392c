-- Time given by volunteers, staff and skills sponsors; people appear only as counts. | Temps donné par les bénévoles, les
-- salariés et les mécènes de compétences ; les personnes n’apparaissent qu’en nombre.
--
-- grain: row_id
select
    stated.row_id,  -- The row; the same in every rebuild | La ligne ; la même à chaque reconstruction
    stated.submission_id,  -- Report it came in | Rapport qui la contient
    stated.partner_id,  -- Who reported it | Qui l’a déclarée
    stated.source_file,  -- File it came in | Fichier d’origine
    stated.source_sha256,  -- Hash of that file's bytes | Empreinte des octets de ce fichier
    stated.source_sheet,  -- Sheet of that file | Feuille de ce fichier
    stated.source_cell,  -- Where the row stands | Où se trouve la ligne
    stated.project_id,  -- Project | Projet
    stated.period as quarter,  -- Quarter of the time; null means not dated | Trimestre du temps donné ; vide : non daté
    stated.category,  -- Volunteering, skills, staff or civic service | Bénévolat, compétences, salariat ou volontariat
    -- Organisation whose people give the time, after aliases | Organisme dont les personnes donnent le temps, après alias
    cast(coalesce(provider.org_id, stated.provider_id) as varchar) as provider_id,
    stated.provider_name,  -- Its name as reported | Son nom tel que déclaré
    stated.people,  -- Different people in the quarter [persons] | Personnes différentes dans le trimestre
    stated.hours,  -- Hours given [h] | Heures données
    stated.days,  -- Days given [d] | Jours donnés
    stated.fte,  -- Full-time equivalents [FTE] | Équivalents temps plein
    stated.declared_cost,  -- Cost declared, by day or in all [in the currency of the row] | Coût déclaré, par jour ou en tout
    stated.declared_cost_basis,  -- By day or in all | Par jour ou en tout
    cost.measure as cost_measure,  -- What the cost measures | Ce que mesure le coût
    cost.amount,  -- Cost of all the time [in the currency of the row] | Coût de tout le temps donné
    stated.currency,  -- Currency, ISO 4217 | Devise, ISO 4217
    cost.amount_eur,  -- Cost of all the time, in euros [EUR] | Coût de tout le temps donné, en euros
    cost.rate,  -- Units of the currency for one euro | Unités de la devise pour un euro
    cost.rate_date,  -- Day of the rate | Jour du taux
    cost.rate_source,  -- Who publishes or fixes the rate | Qui publie ou fixe le taux
    stated.form,  -- People lent or service rendered | Mise à disposition ou prestation
    stated.valuation_method  -- How volunteering is valued | Méthode de valorisation du bénévolat
from accepted.time as stated
left join core.amount as cost on stated.row_id = cost.row_id
left join reference.organisation_alias as provider
    on stated.provider_id = provider.alias_id
    and (
        provider.valid_from is null
        or make_date(cast(left(stated.period, 4) as integer), 3 * cast(right(stated.period, 1) as integer) - 2, 1) >= provider.valid_from
    )
