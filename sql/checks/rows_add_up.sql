-- Every row of every report is accounted for: read = accepted + refused + superseded + duplicate. | Chaque ligne de chaque rapport
-- est justifiée : lues = acceptées + refusées + remplacées + doublons.
select
    submission_id,  -- Report | Rapport
    source_file  -- File | Fichier
from core.submission
where rows_read <> rows_accepted + rows_refused + rows_superseded + rows_duplicate
