-- The exchange as it mostly is: jobs completed that held nothing or one lock, and such jobs are claimed, while nothing in the store asks
-- for more (a limit, a pause, a grant, a priority, somebody who watches), and nobody waits for one of those locks. What all the rest of
-- the script needs takes longer to set up than this takes to run, so it goes on only where there is more to do, with what was done here.
-- For the same reason there are no functions and hardly any tables here. needs: clock. Reads: what the script has of its words.
-- Writes: settled, popped, claimed, owned, taken, first_token, calm, bytes, largest. Returns from the script where that was all.
--
-- Calm: whoever owns nothing, and has found nothing in his only queue or will wait for work in it, notes how many disturbances there were
-- until then. Every script counts as one that may change anything which a claim must look at, a lease that goes included. So when he is
-- woken, and none has come since, all is as it was, and he need not look. What he claims is then noted in the stead of the calm, for a
-- repeat: in the same command as the token, and not as a call of its own.
local kept = call('MGET', CALLS_PREFIX .. client, TOKEN, DISTURBANCES, CALM_PREFIX .. worker)
local kept_calls, newest, disturbances = kept[1], kept[2], kept[3] or '0'
calm = kept[4] or ''
local is_calm = is_woken and queue_count == 1 and calm == disturbances .. ' ' .. argv[queues_at]

-- More values than a thousand are too many for unpack.
local is_common = not (kept_calls and number <= sub(kept_calls, 17, 32))
  and others == '' and plain + locked <= 1000 and count <= 1000
-- A repeat of a claim that was made in the calm.
if not has_settlements and sub(calm, 1, 1) == '!' and sub(calm, 2, #client + 17) == client .. number then is_common = false end
if is_common then
  local queue = queue_count > 0 and argv[queues_at] or ''
  if is_calm then
    -- All that is looked at below was not there, and is not there now.
  elseif is_woken then
    -- It settles nothing, and owns nothing: so what it owns then is what it claims.
    is_common = call('EXISTS', CONTROLS, PAUSED_TYPES, UNGRANTED, WATCHED, GRANTED_PREFIX .. queue, PRIORITY_PREFIX .. queue,
      CANCELLED_PREFIX .. queue, PROCESSING_PREFIX .. worker) == 0
  else
    is_common = call('EXISTS', CONTROLS, PAUSED_TYPES, SEATS, UNGRANTED, WATCHED, PROGRESS, RETRIED, GRANTED_PREFIX .. queue,
      PRIORITY_PREFIX .. queue, CANCELLED_PREFIX .. queue) == 0
  end
  for at = queues_at + 1, queues_at + queue_count - 1 do
    local other = argv[at]
    is_common = is_common
      and call('EXISTS', GRANTED_PREFIX .. other, PRIORITY_PREFIX .. other, CANCELLED_PREFIX .. other) == 0
  end
end

-- The envelopes of what is claimed, in the order of what is owned.
local envelopes
if is_common then
  local processing, last, digits = PROCESSING_PREFIX .. worker, plain_at + plain - 1, ''
  local keys, stale, hits = {}, nil, 0
  local DIGITS, prefix, place
  if plain > 0 then
    local current = call('HMGET', processing, unpack(argv, plain_at, last))
    local is_row = plain_tokens < plain
    if is_row then
      --@inline digits
      prefix, place = sub(argv[last + 1], 1, -3), tonumber(sub(argv[last + 1], -2))
    end
    for at = 1, plain do
      local token = argv[last + at]
      if is_row then
        --@inline following
      end
      if current[at] == token then
        hits = hits + 1
        keys[hits] = JOB_PREFIX .. argv[plain_at + at - 1]
      else
        stale = stale or {}
        stale[at] = true
      end
    end
  end
  -- Those with locks must all have one, which nobody waits for.
  local locked_last, freed_keys = locked_at + locked - 1, nil
  if locked > 0 then
    freed_keys = {}
    local current = call('HMGET', processing, unpack(argv, locked_at, locked_last))
    local places = call('HMGET', PLACES, unpack(argv, locked_at, locked_last))
    local is_row = locked_tokens < locked
    if is_row then
      --@inline digits
      prefix, place = sub(argv[locked_last + 1], 1, -3), tonumber(sub(argv[locked_last + 1], -2))
    end
    local awaited = {}
    for at = 1, locked do
      local token = argv[locked_last + at]
      if is_row then
        --@inline following
      end
      local key = current[at] == token and places[at] and string.match(places[at], '^%[%["([^"\\]*)",%d+%]%]$')
      if not key then
        freed_keys = nil
        break
      end
      freed_keys[at], awaited[at] = LOCK_PREFIX .. key, HELD_PREFIX .. key
    end
    if freed_keys and call('EXISTS', unpack(awaited)) > 0 then freed_keys = nil end
  end
  -- A lease goes only when nothing is owned under it. A score would be written as text first, which takes three times as long as this.
  is_common = (locked == 0 or freed_keys) and (is_calm or hits > 0 or freed_keys or call('ZRANK', WORKERS, worker))

  if is_common then
    if not stale then
      if plain > 0 then
        digits = plain == 1 and '1' or string.rep('1', plain)
        call('HDEL', processing, unpack(argv, plain_at, last))
      end
    else
      local done = {}
      for at = 1, plain do
        digits = digits .. (stale[at] and '0' or '1')
        if not stale[at] then done[#done + 1] = argv[plain_at + at - 1] end
      end
      if hits > 0 then call('HDEL', processing, unpack(done)) end
    end
    if freed_keys then
      call('HDEL', processing, unpack(argv, locked_at, locked_last))
      call('HDEL', PLACES, unpack(argv, locked_at, locked_last))
      for at = 1, locked do
        local id = argv[locked_at + at - 1]
        call('HDEL', freed_keys[at], id)
        hits = hits + 1
        keys[hits] = JOB_PREFIX .. id
      end
      digits = digits .. string.rep('1', locked)
    end
    if hits > 0 then
      call('DEL', unpack(keys))
      -- What is text already need not be written as such.
      call('INCRBY', SUCCESSFUL_TOTAL, (stale or freed_keys) and hits or argv[plain_at - 2])
    end
    settled = { digits }

    -- There was more to claim than a step may give out.
    local is_cut = false
    for queue_at = queues_at, count > 0 and queues_at + queue_count - 1 or 0 do
      local queue, want = argv[queue_at], is_cut and 0 or count - taken
      local list, wake = QUEUE_PREFIX .. queue, WAKE_PREFIX .. queue
      local ids = want > 0 and call('LPOP', list, taken == 0 and argv[6] or want)
      local got = ids and #ids or 0
      if got > 0 then
        for at = 1, got do keys[at] = JOB_PREFIX .. ids[at] end
        local values, read = call('MGET', keys[1]), 1
        local size = values[1] and #values[1] or 0
        bytes, largest = bytes + size, size > largest and size or largest
        while read < got do
          local piece = (MOST_CHARACTERS - bytes) / largest
          if piece < 1 then break end
          local to = read + (piece < PIECE and piece - piece % 1 or PIECE)
          local some = call('MGET', unpack(keys, read + 1, to < got and to or got))
          for at = 1, #some do
            local value = some[at]
            size = value and #value or 0
            bytes, largest = bytes + size, size > largest and size or largest
            values[read + at] = value
          end
          read = read + #some
        end
        if read < got then
          -- Those that are too many go back.
          for at = got, read + 1, -1 do call('LPUSH', list, table.remove(ids)) end
          got, is_cut = read, true
        end
        -- Envelopes of jobs without locks and extras, or with locks that are not known: [0, or [1,
        -- Others must have one lock and no extras, and the lock must be free.
        local locks, taken_keys, concerned, seen
        for at = 1, got do
          local value = values[at]
          local start = value and sub(value, 1, 3)
          if not start then
            is_common = false
          elseif start ~= '[0,' and start ~= '[1,' then
            local lock, key
            if argv[7] ~= 'later' then
              lock, key = string.match(value, '^%[(%[%["([^"\\]*)",%d+%]%]),"[^"\\]*","[^"\\]*",%d+,%d+%]\n')
            end
            if not locks then locks, taken_keys, concerned, seen = {}, {}, {}, {} end
            if not key or seen[key] then
              is_common = false
              break
            end
            local to = #locks
            seen[key] = true
            locks[to + 1], locks[to + 2] = ids[at], lock
            taken_keys[at] = LOCK_PREFIX .. key
            concerned[to + 1], concerned[to + 2] = taken_keys[at], HELD_PREFIX .. key
          end
        end
        if is_common and locks and call('EXISTS', unpack(concerned)) > 0 then is_common = false end
        if not is_common then
          popped = { queue = queue, ids = ids, values = values }
          break
        end
        -- A single one needs no number made of that text.
        if not first_token then
          --@inline token
        end
        local to, token = 2 * taken, first_token
        local is_row = got > 1 or taken > 0
        if is_row then
          --@inline digits
          local newest = taken > 0 and owned[to] or first_token
          prefix, place = sub(newest, 1, -3), sub(newest, -2) + (taken > 0 and 1 or 0)
        end
        for at = 1, got do
          if is_row then
            --@inline following
          end
          local id = ids[at]
          owned[to + 1], owned[to + 2] = id, token
          if envelopes then envelopes[taken + at] = values[at] end
          if locks and taken_keys[at] then call('HSET', taken_keys[at], id, token) end
          to = to + 2
        end
        if locks and #locks >= 16 then
          call('HSET', PLACES, '', string.rep('-', 65), unpack(locks))
          call('HDEL', PLACES, '')
        elseif locks then
          call('HSET', PLACES, unpack(locks))
        end
        taken, envelopes = taken + got, envelopes or values
      end
      -- A queue that is empty needs no claimer; any other needs the next. Mostly there are both, jobs and a token. Who was woken has taken
      -- the token; where there is another, it wakes him once more.
      if want > 0 and got < want and not is_cut then
        if not is_woken then call('DEL', wake) end
      elseif call('EXISTS', list, wake) < 2 then
        if call('EXISTS', list) == 0 then call('DEL', wake) elseif call('EXISTS', wake) == 0 then call('RPUSH', wake, '1') end
      end
    end

    if is_common then
      -- As the rest of the script does it, in write_places, enter_all and reply.
      if taken >= 32 then
        call('HSET', processing, '', string.rep('-', 65), unpack(owned))
        call('HDEL', processing, '')
      elseif taken > 0 then
        call('HSET', processing, unpack(owned))
      end
      local first, last = owned[2], owned[2 * taken]
      local reply = first and digits .. ' ' .. first .. ' ' .. last or digits .. ' 1 0'
      local owns = taken
      if is_calm and first then
        call('MSET', TOKEN, last, CALM_PREFIX .. worker, '!' .. client .. number .. reply)
      else
        if first then call('SET', TOKEN, last) end
        --@inline remember
        if not is_woken then owns = call('HLEN', processing) end
        if owns > 0 then
          if first and calm ~= '' and sub(calm, 1, 1) ~= '!' then call('DEL', CALM_PREFIX .. worker) end
        elseif queue_count == 1 then
          local calm_now = disturbances .. ' ' .. argv[queues_at]
          if calm ~= calm_now then call('SET', CALM_PREFIX .. worker, calm_now) end
        end
      end
      -- As the rest of the script tells it.
      local told = digits .. (is_cut and ' 1 ' or ' 0 ') .. millis
      if taken == 0 then return { told, owns } end
      -- Each text of a reply takes long to be told, and to be read. A small job alone, with an id of this system's, whose length is
      -- known, is told as one.
      if taken == 1 and owns == 1 and #owned[1] == ID_LENGTH and #envelopes[1] < 4096 then
        return told .. ' ' .. first .. ' ' .. owned[1] .. ' ' .. envelopes[1]
      end
      owned[1], owned[2 * taken] = '["' .. owned[1], owned[2 * taken] .. '"]'
      return { told, owns, table.concat(owned, '","'), table.concat(envelopes, SEPARATOR) }
    end
  end
  for at = 1, taken do claimed[2 * at - 1], claimed[2 * at] = owned[2 * at - 1], envelopes[at] end
end
