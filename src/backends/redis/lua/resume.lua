#!lua flags=allow-oom
-- resume: ends a pause, and wakes a claimer of the queue, or calls all workers where it was a type that was paused.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 client, 3 call, 4 floor, 5 'queue' or 'type', 6 its name
-- Returns '1', or '0' where there was no pause. Atomic since the token must be there when the queue is open.
--@include start
local earlier = earlier_reply(ARGV[2], ARGV[3])
if earlier then return earlier end

local was_paused
if ARGV[5] == 'queue' then
  local gate = cjson.decode(call('HGET', CONTROLS, ARGV[6]) or '{}')
  was_paused = gate.paused ~= nil
  gate.paused = nil
  if next(gate) then call('HSET', CONTROLS, ARGV[6], cjson.encode(gate)) else call('HDEL', CONTROLS, ARGV[6]) end
  arrived[ARGV[6]] = true
  wake_claimers()
else
  was_paused = call('HDEL', PAUSED_TYPES, ARGV[6]) == 1
  -- What was parked may come back now, by whoever knows the type.
  if was_paused then
    for _, worker in ipairs(call('ZRANGE', WORKERS, 0, -1)) do call_by(control_key(worker)) end
  end
end
local reply = was_paused and '1' or '0'
keep_reply(ARGV[2], ARGV[3], ARGV[4], reply)
return reply
