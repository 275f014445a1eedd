#!lua flags=allow-oom
-- pause: nothing of a queue, or of a type, is claimed from now on.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, 4 'queue' or 'type', 5 its name, 6 who and why, as JSON; with `text`, which says it
--       for a parked job
-- Returns 1. Atomic with the record of the call: a late repeat must not pause again what was resumed since.
--@include start
if not earlier_reply(ARGV[1], ARGV[2]) then
  local pause = cjson.decode(ARGV[6])
  pause.at = now
  if ARGV[4] == 'queue' then
    local gate = cjson.decode(call('HGET', CONTROLS, ARGV[5]) or '{}')
    gate.paused = pause
    call('HSET', CONTROLS, ARGV[5], cjson.encode(gate))
  else
    call('HSET', PAUSED_TYPES, ARGV[5], cjson.encode(pause))
  end
  keep_reply(ARGV[1], ARGV[2], ARGV[3], '')
end
return 1
