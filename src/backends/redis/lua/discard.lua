#!lua flags=allow-oom
-- discard: removes failed jobs, and completed ones that were kept.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, then the ids
-- Returns a text of one digit for each id: 1 discarded, 0 in another state, 2 no job has this id.
-- Atomic since the state must not change between the look and the act, nor a repeat discard a later job of the same id.
--@include start
--@include telling
--@include envelope

local client, number, floor = ARGV[1], ARGV[2], ARGV[3]
local earlier = earlier_reply(client, number)
if earlier then return earlier end

local function discard(id)
  if call('EXISTS', job_key(id)) == 0 then return '2' end
  if call('ZREM', FAILED, id) == 0 then
    -- Only the type tells where a completed job is listed; one that is damaged is left to expire.
    local line = line_of(id)
    if not line or call('ZREM', completed_key(line[TYPE]), id) == 0 then return '0' end
  end
  erase(id, 'discarded')
  return '1'
end

local results = {}
for at = 4, #ARGV do results[#results + 1] = discard(ARGV[at]) end

local reply = table.concat(results)
keep_reply(client, number, floor, reply)
return reply
