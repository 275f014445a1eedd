#!lua flags=allow-oom
-- promote: moves scheduled jobs that are due to the backs of their queues.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 how many jobs at most
-- Returns { { event, id, queue, detail, … }, 1 when there may be more, ms until the next is due or -1 }
-- Atomic since a job must be in one place, and no two managers may promote it.
--@include start
--@include envelope

local limit = tonumber(ARGV[2])
local due = call('ZRANGE', SCHEDULED, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit)
for _, id in ipairs(due) do
  local line = line_of(id)
  if line then
    call('RPUSH', queue_key(line[QUEUE]), id)
    arrived[line[QUEUE]] = true
    move('promoted', id, line[QUEUE])
  else
    bury_job(id, '', 'its stored envelope is damaged')
  end
end
in_chunks('ZREM', SCHEDULED, due)
wake_claimers()
local next = call('ZRANGE', SCHEDULED, 0, 0, 'WITHSCORES')
return { moves, #due == limit and 1 or 0, next[2] and text(math.max(0, tonumber(next[2]) - now)) or '-1' }
