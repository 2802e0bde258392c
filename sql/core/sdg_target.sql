-- Goals and targets of the Agenda 2030. | Objectifs et cibles de l’Agenda 2030.
--
-- grain: target_code
select
    target_code,  -- Target such as 17.17, or goal such as 17 | Cible comme 17.17, ou objectif comme 17
    goal_code,  -- Goal | Objectif
    cast(case when goal_code = '17' then 'how' else 'what' end as varchar) as family,  -- How (Goal 17) or for what | Comment (ODD 17) ou pour quoi
    cast(target_code = goal_code as boolean) as is_goal,  -- A goal as a whole | Un objectif entier
    label_en,  -- Short label in English | Libellé court en anglais
    label_fr,  -- Short label in French | Libellé court en français
    scope  -- Worded for all, for developing countries, or mixed | Formulée pour tous, pour les pays en développement, ou mixte
from reference.sdg_targets
