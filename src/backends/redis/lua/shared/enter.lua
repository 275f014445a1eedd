-- Putting jobs into their queues: but for the enqueue, nothing else does. needs: base, telling, envelope.

--@include priority

local function to_back(id, line)
  local queue, priority = line[QUEUE], priority_in(line[EXTRAS])
  if priority == 0 then
    call('RPUSH', queue_key(queue), id)
  else
    call('ZADD', priority_key(queue), score_of(priority, call('INCR', SEQUENCE) - 1), id)
  end
  arrived[queue] = true
  tell(id, false)
end

local function to_front(id, line)
  local queue, priority = line[QUEUE], priority_in(line[EXTRAS])
  if priority == 0 then
    call('LPUSH', queue_key(queue), id)
  else
    call('ZADD', priority_key(queue), score_of(priority, 1 - call('INCR', SEQUENCE)), id)
  end
  arrived[queue] = true
  tell(id, false)
end
