#!lua flags=allow-oom
-- unpark: moves parked jobs of some types to the fronts of their queues, the lowest sequence foremost; none of a paused type.
-- KEYS  1 the sequence
-- ARGV  1 how many jobs at most, then the types
-- Returns { { event, id, queue, detail, … }, 1 when there may be more }
-- Atomic since a job must be in one place.
--@include start
--@include telling
--@include envelope
--@include enter

local left, has_more = tonumber(ARGV[1]), 0
for at = 2, #ARGV do
  local key = parked_type_key(ARGV[at])
  local is_paused = call('HEXISTS', PAUSED_TYPES, ARGV[at]) == 1
  -- The youngest first, each to the front: the oldest ends foremost.
  local jobs = left > 0 and not is_paused and call('ZPOPMAX', key, left) or {}
  for index = 1, #jobs, 2 do
    local id = jobs[index]
    local line = line_of(id)
    call('HDEL', PARKED, id)
    if line then
      to_front(id, line)
      move('unparked', id, line[QUEUE])
    else
      bury_job(id, '', 'its stored envelope is damaged')
    end
  end
  left = left - #jobs / 2
  if not is_paused and call('EXISTS', key) == 1 then has_more = 1 end
end
wake_claimers()
return { moves, has_more }
