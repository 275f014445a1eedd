#!lua
-- enqueue: appends jobs to their queues, or to the scheduled ones where they are due later.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, 4 how long a grant is kept (ms), 5 number of jobs,
--       6 '' or a list as JSON, with [number of the job, its unique key with its type, for how long it takes that, what it does
--       where another has it] for each job that has one; then the jobs in groups, as shared/append.lua tells
-- Returns { a text, { event, id, queue, detail, … } or 0 for none }; the text has one digit for each job: 1 enqueued, 0 its id is in the books
--         already, or its key was taken: 2 kept, 3 replaced, 4 extended, 5 rejected; then, where there was any of these, a space
--         and [id, queue] of each other job, as JSON.
-- Atomic since ids, unique keys, queues and the record of this call change together: a repeated call, however late, enqueues
-- nothing, and of many that want a key at once one gets it.
--@include clock
--@include calls

local argv = ARGV
local client, number, floor, count = argv[1], argv[2], argv[3], tonumber(argv[5])
local earlier = earlier_reply(client, number)
if earlier then return { earlier, 0 } end

-- As it mostly is: one group of jobs for now, with nothing unique, no priority, and ids that nobody knows. What all the rest needs
-- takes longer to set up than this takes to run.
if argv[6] == '' and argv[7] == argv[5] and argv[9] == '' and argv[11] == ']' and count <= 500 then
  local queue, wake = argv[8], WAKE_PREFIX .. argv[8]
  local sequence = call('INCRBY', SEQUENCE, argv[5]) - count
  local head, tail = argv[10] .. ',' .. text(now) .. ',', ']\n'
  local is_written, length = false, 0
  if count == 1 then
    is_written = call('SETNX', JOB_PREFIX .. argv[12], head .. text(sequence + 1) .. tail .. argv[13]) == 1
    if is_written then length = call('RPUSH', QUEUE_PREFIX .. queue, argv[12]) end
  else
    local ids, written, seen, has_twice = {}, {}, {}, false
    for job = 1, count do
      local id = argv[10 + 2 * job]
      has_twice = has_twice or seen[id]
      ids[job], seen[id] = id, true
      written[2 * job - 1] = JOB_PREFIX .. id
      written[2 * job] = head .. text(sequence + job) .. tail .. argv[11 + 2 * job]
    end
    is_written = not has_twice and call('MSETNX', unpack(written)) == 1
    if is_written then length = call('RPUSH', QUEUE_PREFIX .. queue, unpack(ids)) end
  end
  if is_written then
    call('SADD', QUEUES, queue)
    -- A queue that was empty has no token, mostly; and never needs two.
    if length == count then
      if call('RPUSH', wake, '1') > 1 then call('LTRIM', wake, '0', '0') end
    elseif call('EXISTS', wake) == 0 then
      call('RPUSH', wake, '1')
    end
    local reply = string.rep('1', count)
    keep_reply(client, number, floor, reply)
    return { reply, 0 }
  end
end
--@rest
--@include start
--@include append

local grant_timeout, uniques_given = tonumber(argv[4]), argv[6]
--@include uniques

local reply = append(7, count, uniques)
wake_claimers()
keep_reply(client, number, floor, reply)
return { reply, #moves > 0 and moves or 0 }
