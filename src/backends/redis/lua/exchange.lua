#!lua flags=allow-oom
-- exchange: settles a batch of jobs and claims more, for one worker.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 client, 3 call, 4 floor, 5 worker, 6 how long a grant is kept (ms),
--       7 how many to claim, 8 'take' locks or 'later', 9 how many entries to look at beyond those, 10 number of queues,
--       the queues; number of plain completions, an id and a token for each; the other settlements as JSON or ''
-- Returns { 1 when the worker has no lease, a digit for each settlement (plain ones first; 1 settled, 0 stale, 2 cancelled),
--           { id, envelope, token, … }, { event, id, queue, detail, … }, 1 when the step ended at its bound,
--           how many jobs the worker owns, the instant }
-- Atomic since a job must never be without an owner, nor a place without a holder: settling, granting and claiming are one.
--@include start
--@include telling
--@include envelope
--@include locks

local client, number, floor, worker = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local grant_timeout = tonumber(ARGV[6])
local count, with_locks, budget = tonumber(ARGV[7]), ARGV[8] == 'take', tonumber(ARGV[9])
budget = budget + count

--@include settle
--@include claim

-- A repeat finds its claims by their tokens, which lie in the range that the first call took.
local earlier = earlier_reply(client, number)
if earlier then
  local settled, from, to = string.match(earlier, '^(%d*) (%d+) (%d+)$')
  local all = call('HGETALL', processing_key(worker))
  local tokens = {}
  for at = 2, #all, 2 do
    local token = tonumber(all[at])
    if token >= tonumber(from) and token <= tonumber(to) then tokens[#tokens + 1] = { token, all[at - 1], all[at] } end
  end
  table.sort(tokens, function(a, b) return a[1] < b[1] end)
  for _, claim in ipairs(tokens) do own('', claim[2], call('GET', job_key(claim[2])) or '', claim[3]) end
  return { 0, settled, claimed, moves, 1, call('HLEN', processing_key(worker)), now }
end

local at = 10
local queues = {}
for index = 1, tonumber(ARGV[at]) do queues[index] = ARGV[at + index] end
at = at + #queues + 1
local ids, tokens, results = {}, {}, {}
for index = 1, tonumber(ARGV[at]) do
  ids[index], tokens[index] = ARGV[at + 2 * index - 1], ARGV[at + 2 * index]
end
local others = ARGV[at + 2 * #ids + 1]
resume(freed)
if #ids > 0 then settle_plain(worker, ids, tokens, results) end
if others ~= '' then
  for _, settlement in ipairs(cjson.decode(others)) do results[#results + 1] = settle(settlement) end
end
put_back()
grant_all(freed, grant_timeout)

local is_lost = call('ZSCORE', WORKERS, worker) == false
if count > 0 and not is_lost then
  for _, queue in ipairs(queues) do
    if has_more == 0 then claim_from(queue) end
    update_wake(queue)
  end
  in_chunks('HSET', processing_key(worker), owned)
  grant_all({}, grant_timeout)
end
if has_ungranted() then has_more = 1 end
wake_claimers()

local settled = table.concat(results)
-- The tokens that were given out, and no more: a range too wide would give a repeat the jobs of other claims.
local from = first_token or 1
keep_reply(client, number, floor, settled .. ' ' .. text(from) .. ' ' .. text(from + taken - 1))
return { is_lost and 1 or 0, settled, claimed, moves, has_more, call('HLEN', processing_key(worker)), now }
