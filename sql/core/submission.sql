-- Received reports and what became of their rows: read = accepted + refused + superseded + duplicate. | Rapports reçus et
-- devenir de leurs lignes : lues = acceptées + refusées + remplacées + doublons.
--
-- grain: submission_id
with counted as (
    select
        submission_id,
        sum(read) as rows_read,
        sum(accepted) as rows_accepted,
        sum(refused) as rows_refused,
        sum(superseded) as rows_superseded,
        sum(duplicate) as rows_duplicate
    from ingest.counts
    group by submission_id
)

select
    report.submission_id,  -- Report | Rapport
    report.partner_id,  -- Who sent it | Qui l’a envoyé
    report.period,  -- Quarter it speaks of; null for a publication | Trimestre dont il parle ; vide pour une publication
    report.source_file,  -- File as received | Fichier tel que reçu
    report.source_sha256,  -- Hash of its bytes | Empreinte de ses octets
    report.position,  -- Its place in the order of receipt | Son rang dans l’ordre de réception
    report.format,  -- Format, found from its content | Format, reconnu à son contenu
    report.layout,  -- Layout: template, scdl, iati, none | Modèle : template, scdl, iati, none
    cast(coalesce(counted.rows_read, 0) as bigint) as rows_read,  -- Rows read [rows] | Lignes lues
    cast(coalesce(counted.rows_accepted, 0) as bigint) as rows_accepted,  -- Rows accepted [rows] | Lignes acceptées
    cast(coalesce(counted.rows_refused, 0) as bigint) as rows_refused,  -- Rows refused [rows] | Lignes refusées
    cast(coalesce(counted.rows_superseded, 0) as bigint) as rows_superseded,  -- Rows superseded [rows] | Lignes remplacées
    cast(coalesce(counted.rows_duplicate, 0) as bigint) as rows_duplicate  -- Rows there twice [rows] | Lignes en double
from ingest.submissions as report
left join counted on report.submission_id = counted.submission_id
