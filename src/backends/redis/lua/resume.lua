#!lua flags=allow-oom
-- resume: ends a pause, and wakes a claimer of the queue, or calls all workers where it was a type that was paused.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, 4 'queue' or 'type', 5 its name
-- Returns '1', or '0' where there was no pause. Atomic since the token must be there when the queue is open.
--@include start
local earlier = earlier_reply(ARGV[1], ARGV[2])
if earlier then return earlier end

local was_paused
if ARGV[4] == 'queue' then
  local gate = cjson.decode(call('HGET', CONTROLS, ARGV[5]) or '{}')
  was_paused = gate.paused ~= nil
  gate.paused = nil
  if next(gate) then call('HSET', CONTROLS, ARGV[5], cjson.encode(gate)) else call('HDEL', CONTROLS, ARGV[5]) end
  arrived[ARGV[5]] = true
  wake_claimers()
else
  was_paused = call('HDEL', PAUSED_TYPES, ARGV[5]) == 1
  -- What was parked may come back now, by whoever knows the type.
  if was_paused then
    for _, worker in ipairs(call('ZRANGE', WORKERS, 0, -1)) do call_by(control_key(worker)) end
  end
end
local reply = was_paused and '1' or '0'
keep_reply(ARGV[1], ARGV[2], ARGV[3], reply)
return reply
