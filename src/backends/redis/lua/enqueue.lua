#!lua
-- enqueue: appends jobs to their queues, or to the scheduled ones where they are due later.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 client, 3 call, 4 floor, 5 number of jobs, then for each job:
--       id, queue, due ('' now, 'in MS', 'at INSTANT'), the envelope's line up to its queue, the line's end after the
--       sequence, the payload
-- Returns a text of one digit for each job: 1 enqueued, 0 its id is in the books already.
-- Atomic since ids, queues and the record of this call change together: a repeated call, however late, enqueues nothing.
--@include start

local client, number, floor, count = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local earlier = earlier_reply(client, number)
if earlier then return earlier end

local sequence = call('INCRBY', SEQUENCE, count) - count
local results, ids = {}, {}
for job = 1, count do
  local at = 6 * job
  local id, queue, due, line, line_end, payload = unpack(ARGV, at, at + 5)
  local value = line .. ',' .. text(now) .. ',' .. text(sequence + job) .. line_end .. '\n' .. payload
  if call('SET', job_key(id), value, 'NX') then
    results[job] = '1'
    local instant = due == '' and 0 or instant_of(due)
    if instant > now then
      schedule(id, instant)
      call('SADD', QUEUES, queue)
    else
      local list = ids[queue] or {}
      ids[queue] = list
      list[#list + 1] = id
    end
  else
    results[job] = '0'
  end
end
for queue, list in pairs(ids) do
  in_chunks('RPUSH', queue_key(queue), list)
  call('SADD', QUEUES, queue)
  arrived[queue] = true
end
wake_claimers()

local reply = table.concat(results)
keep_reply(client, number, floor, reply)
return reply
