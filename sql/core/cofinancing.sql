-- Every accepted co-financing: what a provider commits to a project and what has come in. | Chaque cofinancement accepté :
-- ce qu’un financeur engage pour un projet et ce qui est arrivé.
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
    stated.cofinancing_id,  -- Number its sender gives it | Numéro donné par l’expéditeur
    stated.project_id,  -- Project | Projet
    -- Organisation that gives, after mergers and aliases | Organisme qui donne, après fusions et alias
    cast(coalesce(provider.org_id, stated.provider_id) as varchar) as provider_id,
    stated.provider_name,  -- Its name as reported | Son nom tel que déclaré
    stated.origin,  -- Public, private, activity or own funds | Public, privé, activité ou fonds propres
    stated.state,  -- Pledged, secured or received | Promis, acquis ou reçu
    -- What the amount measures: secured or pledged | Ce que mesure la somme : acquis ou promis
    secured.measure,
    stated.amount,  -- Amount committed [in the currency of the row] | Somme engagée
    stated.currency,  -- Currency, ISO 4217 | Devise, ISO 4217
    secured.amount_eur,  -- Amount committed, in euros [EUR] | Somme engagée, en euros
    secured.rate,  -- Units of the currency for one euro, when secured | Unités de la devise pour un euro, à l’engagement
    secured.rate_date,  -- Day of that rate | Jour de ce taux
    secured.rate_source,  -- Who publishes or fixes the rate | Qui publie ou fixe le taux
    secured.source_text,  -- The amount as typed | La somme telle que saisie
    stated.secured_on,  -- Day it was secured | Jour où il est acquis
    stated.due_on,  -- Day it is due | Jour où il est dû
    stated.received,  -- Amount received [in the currency of the row] | Somme reçue
    received.amount_eur as received_eur,  -- Amount received, in euros [EUR] | Somme reçue, en euros
    received.rate as received_rate,  -- Units of the currency for one euro, when received | Unités pour un euro, à la réception
    received.rate_date as received_rate_date,  -- Day of that rate | Jour de ce taux
    received.rate_source as received_rate_source,  -- Who publishes or fixes that rate | Qui publie ou fixe ce taux
    stated.received_on,  -- Day it was received | Jour où il est reçu
    stated.causality,  -- Whether the fund caused it (code list) | Lien de causalité avec le fonds (liste de codes)
    stated.known_before_application as is_known_before,  -- Known before the application | Connu avant la demande
    stated.shared_with_projects,  -- Other projects that share it | Autres projets qui le partagent
    stated.agreement_ref,  -- Agreement or decision | Convention ou décision
    stated.evidence_tier  -- How far it has been shown (code list) | Niveau de preuve (liste de codes)
from accepted.cofinancing as stated
left join core.amount as secured
    on stated.row_id = secured.row_id and secured.measure in ('cofinancing_secured', 'cofinancing_pledged')
left join core.amount as received on stated.row_id = received.row_id and received.measure = 'cofinancing_received'
left join reference.organisation_alias as provider
    on stated.provider_id = provider.alias_id
    and (provider.valid_from is null or stated.secured_on >= provider.valid_from)
