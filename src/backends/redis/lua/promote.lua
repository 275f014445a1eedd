#!lua flags=allow-oom
-- promote: moves scheduled jobs that are due to the backs of their queues, and grants the places of rates that have come free.
-- KEYS  1 the sequence
-- ARGV  1 how many jobs at most, and how many rates, 2 how long a grant is kept (ms)
-- Returns { { event, id, queue, detail, … }, 1 when there may be more, ms until the next is due, a job or a rate, or -1 }
-- Atomic since a job must be in one place, and no two managers may promote it.
--@include start
--@include telling
--@include envelope
--@include locks
--@include queues

local limit = tonumber(ARGV[1])
local due = call('ZRANGE', SCHEDULED, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit)
for _, id in ipairs(due) do
  local line = line_of(id)
  if line then
    to_back(id, line)
    move('promoted', id, line[QUEUE])
  else
    bury_job(id, '', 'its stored envelope is damaged')
  end
end
in_chunks('ZREM', SCHEDULED, due)
local ripe = call('ZRANGE', TIMERS, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit)
in_chunks('ZREM', TIMERS, ripe)
for _, key in ipairs(ripe) do
  -- Of a queue's rate: those who claim from it are woken.
  if sub(key, 1, #QUEUE_MARK) == QUEUE_MARK then arrived[sub(key, #QUEUE_MARK + 1)] = true end
end
grant_all(ripe, tonumber(ARGV[2]))
-- Whoever promotes is told here when the next is due.
is_due_sooner = false
wake_claimers()
local next = math.min(first_in(SCHEDULED), first_in(TIMERS))
local has_more = #due == limit or #ripe == limit
return { moves, has_more and 1 or 0, next < math.huge and exact(math.max(0, next - now)) or '-1' }
