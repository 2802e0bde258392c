-- Engagements, signed or done, by lever and by vision, management, action: the new ones and those already there at award. |
-- Engagements signés ou réalisés, par levier et par vision, gestion, action : les nouveaux et ceux d’avant l’attribution.
--
-- grain: project_id, quarter, lever, activation
-- metric: M26
select
    project_id,  -- Project; null for what names none | Projet ; vide pour ce qui n’en nomme aucun
    quarter,  -- Calendar quarter; null means not dated | Trimestre civil ; vide : non daté
    lever,  -- Human, financial or alliance | Humain, financier ou alliance
    activation,  -- Vision, management or action; null when not stated | Vision, gestion ou action ; vide si non indiqué
    cast(count(distinct case when measure = 'engagements' then row_id end) as bigint) as new_count,  -- New engagements [engagements] | Nouveaux engagements
    -- Engagements already there at award [engagements] | Engagements déjà présents à l’attribution
    cast(count(distinct case when measure = 'baseline_engagements' then row_id end) as bigint) as baseline_count
from core.contribution
where share_kind = 'whole' and measure in ('engagements', 'baseline_engagements')
group by project_id, quarter, lever, activation
