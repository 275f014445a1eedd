-- Jobs that have ended and are kept. needs: base.

-- For how long (ms) and how many are kept, by a rule; -1 for no limit.
local function read_rule(rule)
  local keep_for, keep_count = string.match(rule, '^(%S+) (%S+)$')
  return tonumber(keep_for), tonumber(keep_count)
end

-- When the first of a list has been kept for long enough: an instant that may have passed; infinite for never.
local function ends_keep(key, rule)
  local keep_for, keep_count = read_rule(rule)
  if keep_count >= 0 and call('ZCARD', key) > keep_count then return 0 end
  return keep_for < 0 and math.huge or first_in(key) + keep_for
end
