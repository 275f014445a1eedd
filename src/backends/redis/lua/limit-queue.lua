#!lua flags=allow-oom
-- limit-queue: how many jobs of a queue may run at once, and how often one may start.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, 4 queue, 5 concurrency or '', 6 burst or '', 7 ms from one start to the next
-- Returns 1. Atomic since a pause of the queue stands beside it. What runs already is counted by `seat`, step by step.
--@include start
if not earlier_reply(ARGV[1], ARGV[2]) then
  local queue = ARGV[4]
  local gate = cjson.decode(call('HGET', CONTROLS, queue) or '{}')
  gate.concurrency, gate.burst, gate.interval = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
  if next(gate) then call('HSET', CONTROLS, queue, cjson.encode(gate)) else call('HDEL', CONTROLS, queue) end
  arrived[queue] = true
  wake_claimers()
  keep_reply(ARGV[1], ARGV[2], ARGV[3], '')
end
return 1
