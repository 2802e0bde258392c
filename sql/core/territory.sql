-- Territories from the commune to the world, with their parents. | Territoires, de la commune au monde, avec leurs parents.
--
-- grain: territory_code
select
    territory_code,  -- Territory, always text | Territoire, toujours en texte
    level,  -- Level (code list scale) | Niveau (liste de codes)
    name,  -- Name | Nom
    parent_code,  -- Territory that holds it | Territoire qui le contient
    cog_year,  -- Year of the official geographic code | Millésime du code officiel géographique
    population  -- Inhabitants [persons] | Habitants
from reference.territories
