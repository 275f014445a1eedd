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
--@include start
--@include append

local client, number, floor = ARGV[2], ARGV[3], ARGV[4]
local grant_timeout, count = tonumber(ARGV[5]), tonumber(ARGV[6])
local earlier = earlier_reply(client, number)
if earlier then return { earlier, moves } end

local uniques_given = ARGV[7]
--@include uniques

local reply = append(8, count, uniques)
wake_claimers()
keep_reply(client, number, floor, reply)
return { reply, moves }
