#!lua flags=allow-oom
-- exchange: settles a batch of jobs and claims more, for one worker.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, 4 worker, 5 how long a grant is kept (ms),
--       6 how many to claim, 7 'take' locks or 'later', or 'woken': to take them when a token was
--       there, and settle nothing; 8 number of queues,
--       the queues (with a count of 0: the one in which work will be waited for); and where there are settlements: number of plain
--       completions, how many tokens follow, their ids, their tokens: one of each, or the first where each is by one greater than the one
--       before; the other settlements as JSON or ''; the same of plain completions of jobs that have locks: none where there are other
--       settlements
-- Returns as it mostly is, where nothing but claims is to be told: { 'DIGITS MORE INSTANT', how many jobs the worker owns, and if any
--           were claimed their ids and tokens as JSON, ["ID","TOKEN","ID","TOKEN"], and their envelopes, with a SEPARATOR between two of
--           them }: a digit for each settlement, and 1 or 0 for more. A repeat tells them one by one.
--           One small job that is all that the worker owns: 'DIGITS MORE INSTANT TOKEN ID ENVELOPE', with an id of ID_LENGTH characters.
--         Else: { 1 when the worker has no lease, a digit for each settlement (plain ones first; 1 settled, 0 stale, 2 cancelled),
--           { id, envelope, … }, their tokens: the first, where each is by one greater than the one before, or a list,
--           { event, id, queue, detail, … }, 0 in the stead of an empty list, 1 when the step ended at its bound,
--           how many jobs the worker owns, the instant }
-- Atomic since a job must never be without an owner, nor a place without a holder: settling, granting and claiming are one.
--@include clock

local argv = ARGV
local client, number, floor, worker = argv[1], argv[2], argv[3], argv[4]
local count, is_woken, queue_count, queues_at = tonumber(argv[6]), argv[7] == 'woken', tonumber(argv[8]), 9
-- The plain completions: how many, of how many tokens they are followed, and where their ids begin.
local plain_at = queues_at + queue_count + 2
local has_settlements = argv[plain_at] ~= nil
local plain = has_settlements and tonumber(argv[plain_at - 2]) or 0
local plain_tokens = has_settlements and tonumber(argv[plain_at - 1]) or 0
local others_at = plain_at + plain + plain_tokens
local others = argv[others_at] or ''
-- Those of jobs with locks.
local locked = has_settlements and tonumber(argv[others_at + 1]) or 0
local locked_tokens = has_settlements and tonumber(argv[others_at + 2]) or 0
local locked_at = others_at + 3

-- What was claimed, flat: id, envelope, …; id, token, …; and how many there are.
local claimed, owned, taken = {}, {}, 0
-- Digits for each settlement, of those in bulk once they are settled.
local settled
-- What has left its queue and is yet to be claimed: { queue, ids, values }.
local popped
-- What is noted of this worker's calm: see shared/express.lua.
local calm
-- How much was read of what may be claimed, in bytes, and the largest of it: nothing but a job itself tells how large it is. So they
-- are read a few at a time, and no more of them than a step may give out.
local bytes, largest = 0, 0
-- That of the first job claimed, and whether enough of those that follow it are kept from others.
local first_token, are_tokens_taken

--@include express
--@rest
--@include start
--@include telling
--@include envelope
--@include locks

local queues = { unpack(argv, queues_at, queues_at + queue_count - 1) }
local grant_timeout = tonumber(ARGV[5])
local with_locks, budget = ARGV[7] ~= 'later', CLAIM_BUDGET + count

-- As many as may be needed are taken at once; gaps do no harm.
local function take_tokens()
  if are_tokens_taken then return end
  are_tokens_taken = true
  if not first_token then
    local newest = call('GET', TOKEN)
    --@inline token
  end
  call('SET', TOKEN, text(first_token + count - 1))
end

-- Enters ids with their tokens into the hash of their owner. A short hash is stored as a list, in which each look goes through all
-- that are before: a value that is too long for that makes it a table, for as long as there is anything in it.
local function enter_all(processing, owned)
  if #owned < 64 or #owned > 7000 then return in_chunks('HSET', processing, owned) end
  call('HSET', processing, '', string.rep('-', 65), unpack(owned))
  call('HDEL', processing, '')
end

local function reply(is_lost, has_more)
  local digits = table.concat(settled)
  -- The tokens that were given out, and no more: a range too wide would give a repeat the jobs of other claims.
  local tokens = taken > 0 and ' ' .. owned[2] .. ' ' .. owned[2 * taken] or ' 1 0'
  keep_reply(client, number, floor, digits .. tokens)
  -- An empty table takes long to be turned into an empty reply.
  local jobs, others = taken > 0 and claimed or 0, #moves > 0 and moves or 0
  return { is_lost, digits, jobs, owned[2] or '', others, has_more, call('HLEN', processing_key(worker)), now }
end

--@include settle
--@include claim

local earlier = earlier_reply(client, number)
if not earlier and sub(calm, 1, #client + 17) == '!' .. client .. number then earlier = sub(calm, #client + 18) end

-- A repeat finds its claims by their tokens, which lie in the range that the first call took.
if earlier then
  local digits, from, to = match(earlier, '^(%d*) (%d+) (%d+)$')
  local all = call('HGETALL', processing_key(worker))
  local tokens = {}
  for at = 2, #all, 2 do
    local token = tonumber(all[at])
    if token >= tonumber(from) and token <= tonumber(to) then tokens[#tokens + 1] = { token, all[at - 1], all[at] } end
  end
  table.sort(tokens, function(a, b) return a[1] < b[1] end)
  local listed = {}
  for at, claim in ipairs(tokens) do
    claimed[2 * at - 1], claimed[2 * at] = claim[2], call('GET', job_key(claim[2])) or ''
    listed[at] = claim[3]
    tell(claim[2], false)
  end
  return { 0, digits, claimed, listed, moves, 1, call('HLEN', processing_key(worker)), now }
end

-- Claims made on the way here have theirs.
if taken > 0 then take_tokens() end
resume(freed)
if not settled then
  settled = settle_plain(worker, plain_at, plain, plain_tokens, false)
  for _, digit in ipairs(settle_plain(worker, locked_at, locked, locked_tokens, true)) do settled[#settled + 1] = digit end
end
if others ~= '' then
  for _, settlement in ipairs(cjson.decode(others)) do settled[#settled + 1] = settle(settlement) end
end
put_back()
grant_all(freed, grant_timeout)

local has_lease = call('ZSCORE', WORKERS, worker)
if count > 0 and has_lease then
  for _, queue in ipairs(queues) do
    if has_more == 0 then claim_from(queue) end
    update_wake(queue)
  end
  if taken > 0 then
    enter_all(processing_key(worker), owned)
    local ids = {}
    for at = 1, taken do ids[at] = claimed[2 * at - 1] end
    tell_all(ids)
  end
  grant_all({}, grant_timeout)
end
if has_ungranted() then has_more = 1 end
wake_claimers()
return reply(has_lease and 0 or 1, has_more)
