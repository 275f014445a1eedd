#!lua flags=allow-oom
-- expire: removes jobs that were kept for long enough: failed ones first, then completed ones type by type, the oldest first.
-- KEYS  1 the sequence
-- ARGV  1 how many jobs at most, 2 the rule for failed ones: for how long (ms) and how many, -1 for no limit
-- Returns { { event, id, queue, detail, … }, 1 when there may be more }
-- Atomic since a job leaves its list and the books at once. Its length is that of the limit and of the types kept.
--@include start
--@include telling
--@include envelope
--@include keep

local left = tonumber(ARGV[1])

local function expire(key, rule)
  local keep_for, keep_count = read_rule(rule)
  local too_old = keep_for < 0 and 0 or call('ZCOUNT', key, '-inf', now - keep_for)
  local too_many = keep_count < 0 and 0 or call('ZCARD', key) - keep_count
  local surplus = math.min(math.max(too_old, too_many), left)
  if surplus <= 0 then return end
  local ids = call('ZRANGE', key, 0, surplus - 1)
  for _, id in ipairs(ids) do
    local line = line_of(id)
    erase(id, 'discarded')
    move('expired', id, line and line[QUEUE] or '')
  end
  in_chunks('ZREM', key, ids)
  left = left - surplus
end

expire(FAILED, ARGV[2])
local types = call('HKEYS', KEEP)
table.sort(types)
for _, kept in ipairs(types) do
  if left > 0 then expire(completed_key(kept), call('HGET', KEEP, kept)) end
end
return { moves, left == 0 and 1 or 0 }
