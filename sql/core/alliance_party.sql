-- Every accepted party of an alliance: which organisation, in which role, from when to when. | Chaque partie acceptée d’une
-- alliance : quel organisme, dans quel rôle, de quand à quand.
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
    cast(coalesce(stated.party_id__cell, stated.party_name__cell, stated.source_cell) as varchar) as source_cell,  -- Where it stands | Où elle se trouve
    cast(coalesce(stated.party_id__text, stated.party_name__text) as varchar) as source_text,  -- The party as typed | La partie telle que saisie
    stated.alliance_id,  -- Alliance | Alliance
    stated.project_id,  -- Project | Projet
    cast(coalesce(party.org_id, stated.party_id) as varchar) as party_id,  -- Organisation, after aliases | Organisme, après alias
    stated.party_name,  -- Its name as reported | Son nom tel que déclaré
    stated.party_sector,  -- Its sector as reported (code list sector) | Son secteur tel que déclaré (liste de codes)
    stated.party_role,  -- Its role (code list) | Son rôle (liste de codes)
    stated.party_from,  -- First day, as reported | Premier jour, tel que déclaré
    stated.party_to,  -- Last day, as reported; null means it goes on | Dernier jour, tel que déclaré ; vide : toujours en cours
    -- Day from which it counts as active: its first day, else the agreement's, else the first day of the reported quarter;
    -- null means not dated
    -- | Jour à partir duquel elle compte comme active : son premier jour, sinon celui de la convention, sinon le premier
    -- jour du trimestre déclaré ; vide : non daté
    cast(coalesce(
        stated.party_from,
        stated.agreement_date,
        make_date(cast(left(stated.period, 4) as integer), 3 * cast(right(stated.period, 1) as integer) - 2, 1)
    ) as date) as active_from,
    stated.size_class,  -- Size, as reported (code list) | Taille, telle que déclarée (liste de codes)
    stated.naf_section,  -- Economic section, as reported (NAF) | Section d’activité, telle que déclarée (NAF)
    stated.model_family  -- Model family, as reported (code list) | Famille de modèle, telle que déclarée (liste de codes)
from accepted.alliances as stated
left join reference.organisation_alias as party
    on stated.party_id = party.alias_id
    and (party.valid_from is null or coalesce(stated.party_from, stated.agreement_date) >= party.valid_from)
