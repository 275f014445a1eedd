#!lua
-- enqueue: appends jobs to their queues, or to the scheduled ones where they are due later.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 client, 3 call, 4 floor, 5 number of jobs, then for each job:
--       id, queue, due ('' now, 'in MS', 'at INSTANT'), the envelope's line up to its queue, the line's end after the
--       sequence, the payload
-- Returns a text of one digit for each job: 1 enqueued, 0 its id is in the books already.
-- Atomic since ids, queues and the record of this call change together: a repeated call, however late, enqueues nothing.
--@include start
--@include append

local client, number, floor, count = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local earlier = earlier_reply(client, number)
if earlier then return earlier end

local reply = append(6, count)
wake_claimers()
keep_reply(client, number, floor, reply)
return reply
