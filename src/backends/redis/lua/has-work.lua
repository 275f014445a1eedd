#!lua flags=no-writes
-- has-work: whether there is anything to claim now in some queues. Changes nothing.
-- KEYS  1 the sequence
-- ARGV  1 root, then the queues
-- Returns 1 or 0. Atomic since a queue and what holds for it must belong together.
--@include start
--@include pace
--@include queues
for at = 2, #ARGV do
  local queue = ARGV[at]
  if call('EXISTS', queue_key(queue), granted_key(queue), priority_key(queue)) > 0 then
    local gate = gate_of(queue)
    if not gate or room_in(queue, gate, 1) > 0 then return 1 end
  end
end
return 0
