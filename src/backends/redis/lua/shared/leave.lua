-- Leaves a token for whoever waits for jobs of a queue. One that was empty has none, mostly; and none ever needs two. needs: clock.
-- Reads: wake, the list of it, was_empty.
if was_empty then
  if call('RPUSH', wake, '1') > 1 then call('LTRIM', wake, '0', '0') end
elseif call('EXISTS', wake) == 0 then
  call('RPUSH', wake, '1')
end
