-- Whether there is anything to claim now in one of the queues that ARGV names from `first` to `last`. needs: base, queues.
local function has_work(first, last)
  for at = first, last do
    local queue = ARGV[at]
    if call('EXISTS', queue_key(queue), granted_key(queue), priority_key(queue)) > 0 then
      local gate = gate_of(queue)
      if not gate or room_in(queue, gate, 1) > 0 then return true end
    end
  end
  return false
end
