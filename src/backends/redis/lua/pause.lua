#!lua flags=allow-oom
-- pause: nothing of a queue, or of a type, is claimed from now on.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 client, 3 call, 4 floor, 5 'queue' or 'type', 6 its name, 7 who and why, as JSON; with `text`, which says it
--       for a parked job
-- Returns 1. Atomic with the record of the call: a late repeat must not pause again what was resumed since.
--@include start
if not earlier_reply(ARGV[2], ARGV[3]) then
  local pause = cjson.decode(ARGV[7])
  pause.at = now
  if ARGV[5] == 'queue' then
    local gate = cjson.decode(call('HGET', CONTROLS, ARGV[6]) or '{}')
    gate.paused = pause
    call('HSET', CONTROLS, ARGV[6], cjson.encode(gate))
  else
    call('HSET', PAUSED_TYPES, ARGV[6], cjson.encode(pause))
  end
  keep_reply(ARGV[2], ARGV[3], ARGV[4], '')
end
return 1
