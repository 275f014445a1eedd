-- What a worker owns. needs: base.
-- Returns the tokens of its claims as numbers, in their order, and the jobs of the last `most`. Few tables and no function to sort with: a
-- worker may own thousands, and a step is about few of them.
local function owned_by(worker, most)
  local all = call('HGETALL', processing_key(worker))
  local tokens, ids = {}, {}
  for at = 2, #all, 2 do tokens[at / 2] = tonumber(all[at]) end
  table.sort(tokens)
  local first = tokens[math.max(1, #tokens - math.max(1, most) + 1)]
  for at = 2, #all, 2 do
    local token = tonumber(all[at])
    if token >= first then ids[token] = all[at - 1] end
  end
  return tokens, ids
end
