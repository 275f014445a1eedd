#!lua
-- enqueue: appends jobs to their queues, or to the scheduled ones where they are due later.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, 4 how long a grant is kept (ms), or for a single job that is due now and has no locks that are known, no
--       unique key and no extras: 'one', or 'new' where its queue may not be known yet
--       Of the single one: 5 its queue, 6 the start of its line up to the instant, 7 its id, 8 its payload
--       Of others: 5 number of jobs, 6 '' or a list as JSON, with [number of the job, its unique key with its type, for how long it takes
--       that, what it does where another has it] for each job that has one; then the jobs in groups, as shared/append.lua tells
-- Returns a text with one digit for each job: 1 enqueued, 0 its id is in the books already, or its key was taken: 2 kept, 3 replaced,
--         4 extended, 5 rejected; then, where there was any of these, a space and [id, queue] of each other job, as JSON. Where other
--         jobs have moved { the text, { event, id, queue, detail, … } }.
-- Atomic since ids, unique keys, queues and the record of this call change together: a repeated call, however late, enqueues
-- nothing, and of many that want a key at once one gets it.
--@include clock

local argv = ARGV
local client, number, floor, form = argv[1], argv[2], argv[3], argv[4]
local kept = call('MGET', CALLS_PREFIX .. client, SEQUENCE)
local kept_calls = kept[1]
local is_new = not kept_calls or number > sub(kept_calls, 17, 32)

-- As it mostly is. What all the rest needs takes longer to set up than this takes to run; so there is no function here either.
if is_new and (form == 'one' or form == 'new') then
  local queue, id, reply = argv[5], argv[7], '0'
  local wake = WAKE_PREFIX .. queue
  call('INCR', SEQUENCE)
  -- Its number is the counter as it was: a text already.
  if call('SETNX', JOB_PREFIX .. id, argv[6] .. millis .. ',' .. (kept[2] or '0') .. ']\n' .. argv[8]) == 1 then
    reply = '1'
    if form == 'new' then call('SADD', QUEUES, queue) end
    local was_empty = call('RPUSH', QUEUE_PREFIX .. queue, id) == 1
    --@inline leave
  end
  --@inline remember
  return reply
end

-- One group of jobs for now, with nothing unique, no priority, and ids that nobody knows.
local count = tonumber(argv[5])
if is_new and argv[6] == '' and argv[7] == argv[5] and argv[9] == '' and argv[11] == ']' and count <= 500 then
  local queue, wake = argv[8], WAKE_PREFIX .. argv[8]
  local head, tail = argv[10] .. ',' .. millis .. ',', ']\n'
  local sequence, format = call('INCRBY', SEQUENCE, argv[5]) - count, string.format
  local ids, written, seen, has_twice = {}, {}, {}, false
  for job = 1, count do
    local id = argv[10 + 2 * job]
    has_twice = has_twice or seen[id]
    ids[job], seen[id] = id, true
    written[2 * job - 1] = JOB_PREFIX .. id
    written[2 * job] = head .. format('%d', sequence + job - 1) .. tail .. argv[11 + 2 * job]
  end
  if not has_twice and call('MSETNX', unpack(written)) == 1 then
    call('SADD', QUEUES, queue)
    local was_empty = call('RPUSH', QUEUE_PREFIX .. queue, unpack(ids)) == count
    --@inline leave
    local reply = string.rep('1', count)
    --@inline remember
    return reply
  end
end
--@rest
--@include start
--@include append

local earlier = earlier_reply(client, number)
if earlier then return earlier end

-- The single job as one of a group.
if form == 'one' or form == 'new' then
  argv = { client, number, floor, '0', '1', '', '1', argv[5], '', sub(argv[6], 1, -2), ']', argv[7], argv[8] }
  count = 1
end
local grant_timeout, uniques_given = tonumber(argv[4]), argv[6]
--@include uniques

local reply = append(argv, 7, count, uniques)
wake_claimers()
keep_reply(client, number, floor, reply)
return #moves > 0 and { reply, moves } or reply
