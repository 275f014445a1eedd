-- What a worker owns. needs: base.
-- Returns the tokens of its claims as numbers, in their order, and the job of each. Few tables and no function to sort with: a worker may
-- own thousands, and a step is about few of them.
local function owned_by(worker)
  local all = call('HGETALL', processing_key(worker))
  local tokens, ids = {}, {}
  for at = 1, #all, 2 do
    local token = tonumber(all[at + 1])
    tokens[#tokens + 1], ids[token] = token, all[at]
  end
  table.sort(tokens)
  return tokens, ids
end
