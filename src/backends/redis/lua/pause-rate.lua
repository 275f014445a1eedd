#!lua flags=allow-oom
-- pause-rate: no job with a rate key starts before an instant.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, 4 rate key, 5 'in MS' or 'at INSTANT'
-- Returns 1. Atomic since an instant that is earlier than the one that stands changes nothing.
--@include start
if not earlier_reply(ARGV[1], ARGV[2]) then
  local key, instant = paused_rate_key(ARGV[4]), instant_of(ARGV[5])
  if instant > now and instant > tonumber(call('GET', key) or 0) then
    call('SET', key, exact(instant), 'PX', math.max(1, math.ceil(instant - now)))
  end
  keep_reply(ARGV[1], ARGV[2], ARGV[3], '')
end
return 1
