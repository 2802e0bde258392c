-- The weights of a family of targets sum to 10,000 basis points. | Les poids d’une famille de cibles totalisent 10 000 points de
-- base.
select
    project_id,  -- Project | Projet
    family,  -- How or for what | Comment ou pour quoi
    cast(sum(weight_bp) as bigint) as weights_bp  -- Their sum [basis points] | Leur somme
from core.sdg_link
where sdg_method <> 'none'
group by project_id, family
having sum(weight_bp) <> 10000
