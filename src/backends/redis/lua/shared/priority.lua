-- How a queue is ordered. Jobs without a priority are in its list, all others in a sorted set, so that a queue without
-- priorities has a list alone. A score goes by the priority first, the highest in front: those that come before the list are
-- below 0. Among those of one priority it goes by one count: what comes to the back has the number that it got, what comes to
-- the front the same below the middle. needs: base.
local PRIORITY_STEP, MIDDLE, MOST_PRIORITY = 2 ^ 42, 2 ^ 41, 1000

-- What is damaged says nothing.
local function priority_in(extras)
  local priority = type(extras) == 'table' and extras.priority
  if type(priority) ~= 'number' then return 0 end
  return math.floor(math.max(-MOST_PRIORITY, math.min(MOST_PRIORITY, priority)) + 0.5)
end

local function score_of(priority, place)
  return text(MIDDLE + place - priority * PRIORITY_STEP)
end
