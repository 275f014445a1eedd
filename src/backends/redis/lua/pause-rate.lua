#!lua flags=allow-oom
-- pause-rate: no job with a rate key starts before an instant.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 client, 3 call, 4 floor, 5 rate key, 6 'in MS' or 'at INSTANT'
-- Returns 1. Atomic since an instant that is earlier than the one that stands changes nothing.
--@include start
if not earlier_reply(ARGV[2], ARGV[3]) then
  local key, instant = paused_rate_key(ARGV[5]), instant_of(ARGV[6])
  if instant > now and instant > tonumber(call('GET', key) or 0) then
    call('SET', key, exact(instant), 'PX', math.max(1, math.ceil(instant - now)))
  end
  keep_reply(ARGV[2], ARGV[3], ARGV[4], '')
end
return 1
