-- How widely a project spreads over targets, within a family: 1 when all goes to one target, n when n targets share alike. |
-- Étendue d’un projet sur les cibles, dans une famille : 1 si tout va à une cible, n si n cibles se partagent à égalité.
--
-- grain: project_id, family
-- metric: M36
select
    project_id,  -- Project | Projet
    family,  -- How (Goal 17) or for what (the others) | Comment (ODD 17) ou pour quoi (les autres)
    cast(count(*) as bigint) as targets_count,  -- Targets named [targets] | Cibles nommées
    -- One over the sum of the squared shares [targets] | Un sur la somme des carrés des parts
    cast(round(
        cast(max(share_den) as double) * max(share_den) / nullif(sum(cast(share_num as double) * share_num), 0), 4
    ) as decimal(18, 4)) as effective_targets
from core.sdg_link
group by project_id, family
