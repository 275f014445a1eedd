#!lua
-- enqueue: appends jobs to their queues, or to the scheduled ones where they are due later.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 client, 3 call, 4 floor, 5 how long a grant is kept (ms), 6 number of jobs,
--       7 '' or a list as JSON, with [number of the job, its unique key with its type, for how long it takes that, what it does
--       where another has it] for each job that has one; then the jobs in groups, as shared/append.lua tells
-- Returns { a text, { event, id, queue, detail, … } }; the text has one digit for each job: 1 enqueued, 0 its id is in the books
--         already, or its key was taken: 2 kept, 3 replaced, 4 extended, 5 rejected; then, where there was any of these, a space
--         and [id, queue] of each other job, as JSON.
-- Atomic since ids, unique keys, queues and the record of this call change together: a repeated call, however late, enqueues
-- nothing, and of many that want a key at once one gets it.
--@include clock
--@include calls

local client, number, floor, count = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[6])
local earlier = earlier_reply(client, number)
if earlier then return { earlier, moves } end

-- As it mostly is: one group of jobs for now, with nothing unique, no priority, and ids that nobody knows. What all the rest needs
-- takes longer to set up than this takes to run.
if ARGV[7] == '' and ARGV[8] == ARGV[6] and ARGV[10] == '' and ARGV[12] == ']' and count <= 500 then
  local argv, ids, written, seen, has_twice = ARGV, {}, {}, {}, false
  local sequence = call('INCRBY', SEQUENCE, argv[6]) - count
  local head, tail = argv[11] .. ',' .. text(now) .. ',', ']\n'
  for job = 1, count do
    local id = argv[11 + 2 * job]
    has_twice = has_twice or seen[id]
    ids[job], seen[id] = id, true
    written[2 * job - 1] = JOB_PREFIX .. id
    written[2 * job] = head .. text(sequence + job) .. tail .. argv[12 + 2 * job]
  end
  if not has_twice and call('MSETNX', unpack(written)) == 1 then
    local queue, wake = argv[9], WAKE_PREFIX .. argv[9]
    call('RPUSH', QUEUE_PREFIX .. queue, unpack(ids))
    call('SADD', QUEUES, queue)
    if call('EXISTS', wake) == 0 then call('RPUSH', wake, '1') end
    local reply = string.rep('1', count)
    keep_reply(client, number, floor, reply)
    return { reply, moves }
  end
end
--@rest
--@include start
--@include append

local grant_timeout, uniques_given = tonumber(ARGV[5]), ARGV[7]
--@include uniques

local reply = append(8, count, uniques)
wake_claimers()
keep_reply(client, number, floor, reply)
return { reply, moves }
