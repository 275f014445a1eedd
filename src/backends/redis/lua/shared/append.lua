-- Puts new jobs into the books, at the backs of their queues or among the scheduled ones. ARGV has for each job, from `first`
-- on: id, queue, due ('' now, 'in MS', 'at INSTANT'), the envelope's line up to its queue, the line's end after the sequence,
-- the payload. Returns a text of one digit for each job: 1 enqueued, 0 its id is in the books already. The caller wakes the
-- claimers.
local function append(first, count)
  local sequence = call('INCRBY', SEQUENCE, count) - count
  local results, ids = {}, {}
  for job = 1, count do
    local at = first + 6 * (job - 1)
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
  return table.concat(results)
end
