-- Every accepted transaction, with its amount as reported and in euros. | Chaque transaction acceptée, avec sa somme telle
-- que déclarée et en euros.
--
-- grain: row_id
select
    stated.row_id,  -- The row; the same in every rebuild | La ligne ; la même à chaque reconstruction
    stated.submission_id,  -- Report it came in | Rapport qui la contient
    stated.partner_id,  -- Who reported it | Qui l’a déclarée
    stated.period,  -- Quarter the report speaks of; null for a publication | Trimestre du rapport ; vide pour une publication
    stated.source_file,  -- File it came in | Fichier d’origine
    stated.source_sha256,  -- Hash of that file's bytes | Empreinte des octets de ce fichier
    stated.source_sheet,  -- Sheet of that file | Feuille de ce fichier
    stated.source_cell,  -- Where the amount stands | Où se trouve la somme
    stated.amount__text as source_text,  -- The amount as typed | La somme telle que saisie
    stated.project_id,  -- Project | Projet
    stated.transaction_id,  -- Number its sender gives it | Numéro donné par l’expéditeur
    stated.transaction_type_code,  -- Type of transaction, IATI code | Type de transaction, code IATI
    -- What the amount measures (code list measure) | Ce que mesure la somme (liste de codes measure)
    amount.measure,
    stated.transaction_date,  -- Date of the transaction | Date de la transaction
    stated.value_date,  -- Date whose rate holds, where stated | Date dont le taux vaut, si elle est donnée
    -- Calendar quarter of the transaction date; null means not dated | Trimestre civil de la date ; vide : non daté
    cast(
        cast(year(stated.transaction_date) as varchar) || '-Q' || cast(quarter(stated.transaction_date) as varchar)
        as varchar
    ) as quarter,
    stated.amount,  -- Amount as reported [in the currency of the row] | Somme telle que déclarée
    stated.currency,  -- Currency, ISO 4217 | Devise, ISO 4217
    amount.amount_eur,  -- Amount in euros; null where there is no rate [EUR] | Somme en euros ; vide sans taux
    amount.rate,  -- Units of the currency for one euro | Unités de la devise pour un euro
    amount.rate_date,  -- Day of the rate | Jour du taux
    amount.rate_source,  -- Who publishes or fixes the rate | Qui publie ou fixe le taux
    -- Organisation that gives, after mergers and aliases | Organisme qui donne, après fusions et alias
    cast(coalesce(provider.org_id, stated.provider_id) as varchar) as provider_id,
    stated.provider_name,  -- Its name as reported | Son nom tel que déclaré
    -- Organisation that receives, after mergers and aliases | Organisme qui reçoit, après fusions et alias
    cast(coalesce(receiver.org_id, stated.receiver_id) as varchar) as receiver_id,
    stated.receiver_name,  -- Its name as reported | Son nom tel que déclaré
    stated.agreement_ref,  -- Agreement or decision | Convention ou décision
    stated.description,  -- What it is for | Objet
    stated.nature,  -- In cash or in kind, as reported | En numéraire ou en nature, tel que déclaré
    stated.payment_terms,  -- Terms of payment, as reported | Conditions de versement, telles que déclarées
    stated.measure_basis,  -- Amount of the quarter or since the start | Somme du trimestre ou cumul depuis le début
    stated.evidence_tier  -- How far it has been shown (code list) | Niveau de preuve (liste de codes)
from accepted.transactions as stated
left join core.amount as amount on stated.row_id = amount.row_id
left join reference.organisation_alias as provider
    on stated.provider_id = provider.alias_id
    and (provider.valid_from is null or stated.transaction_date >= provider.valid_from)
left join reference.organisation_alias as receiver
    on stated.receiver_id = receiver.alias_id
    and (receiver.valid_from is null or stated.transaction_date >= receiver.valid_from)
