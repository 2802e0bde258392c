-- Every accepted engagement: who engages, by which lever, for vision, management or action. | Chaque engagement accepté :
-- qui s’engage, par quel levier, pour la vision, la gestion ou l’action.
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
    stated.source_cell,  -- Where the row stands | Où se trouve la ligne
    stated.lever__text as source_text,  -- The lever as typed | Le levier tel que saisi
    stated.engagement_id,  -- Number its sender gives it | Numéro donné par l’expéditeur
    stated.project_id,  -- Project | Projet
    -- Organisation that engages, after mergers and aliases; null for citizens | Organisme engagé, après alias ; vide : citoyens
    cast(coalesce(party.org_id, stated.party_id) as varchar) as party_id,
    stated.party_name,  -- Its name as reported | Son nom tel que déclaré
    stated.citizens_count,  -- Citizens who engage, as a count [persons] | Citoyens engagés, en nombre
    stated.description,  -- To what | À quoi
    stated.lever,  -- Human, financial or alliance | Humain, financier ou alliance
    stated.activation,  -- Vision, management or action | Vision, gestion ou action
    stated.engagement_date,  -- Day of the engagement | Jour de l’engagement
    -- Calendar quarter of that day; null means not dated | Trimestre civil de ce jour ; vide : non daté
    cast(
        cast(year(stated.engagement_date) as varchar) || '-Q' || cast(quarter(stated.engagement_date) as varchar)
        as varchar
    ) as quarter,
    stated.size,  -- Size [in the unit stated] | Ampleur
    stated.size_unit,  -- Unit of the size | Unité de l’ampleur
    stated.state,  -- Intention, signed, done or withdrawn | Intention, signé, réalisé ou retiré
    -- Already there at award | Déjà présent à l’attribution
    cast(coalesce(stated.is_baseline, false) as boolean) as is_baseline,
    stated.causality  -- Whether the fund caused it (code list) | Lien de causalité avec le fonds (liste de codes)
from accepted.engagements as stated
left join reference.organisation_alias as party
    on stated.party_id = party.alias_id
    and (party.valid_from is null or stated.engagement_date >= party.valid_from)
