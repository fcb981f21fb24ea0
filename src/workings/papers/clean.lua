-- The one filter that every document passes on its way out of pandoc, whatever the format.
--
-- First it takes away all that a document could do beyond being read: raw HTML, TeX and typst, event handlers
-- and styles, links of any scheme but those below, pictures that are not carried inside the document. Then it
-- adds what a format needs: boxes in which wide mathematics and tables scroll, cards for questions, cells.
-- The order matters: raw markup that stands in the output was put there by the second part alone.

local html = FORMAT:match("html") ~= nil
local github = FORMAT:match("gfm") ~= nil or FORMAT:match("markdown") ~= nil
local notebook = FORMAT:match("ipynb") ~= nil
local typst = FORMAT:match("typst") ~= nil
local docx = FORMAT:match("docx") ~= nil

-- Harmless tags without attributes, kept where HTML is the output or may stand in it.
local TAGS = {}
for _, tag in ipairs({ "details", "summary", "sub", "sup", "kbd" }) do
  TAGS["<" .. tag .. ">"] = true
  TAGS["</" .. tag .. ">"] = true
end
TAGS["<br>"], TAGS["<br/>"], TAGS["<br />"] = true, true, true

local SCHEMES = { http = true, https = true, mailto = true }

-- What remains of a block's or span's key=value attributes.
local KEYS = { width = true, height = true, marks = true, summary = true, alt = true, startFrom = true }

local VERDICTS = { right = true, rounded = true, follows = true, convention = true, slip = true, wrong = true,
  unreadable = true, blank = true }

local CARDS = { question = true, study = true, claim = true, answer = true, note = true, warning = true }

-- Names of places. Each stands once and links lead only to those that are there: typst refuses anything else.
local places = {}

local function placed(element)
  local name = element.identifier:gsub("[^%w%-_.:\128-\255]", "")
  if places[name] then name = "" end
  if name ~= "" then places[name] = true end
  element.identifier = name
  return element
end

local named = {}
for _, kind in ipairs({ "Header", "Div", "Span", "Code", "CodeBlock", "Table", "Figure", "Link", "Image" }) do
  named[kind] = placed
end

local function kept(attributes)
  local clean = {}
  for key, value in pairs(attributes) do
    if KEYS[key] and not (key:match("^[wh]") and not value:match("^[%d.]+%a*%%?$")) then clean[key] = value end
  end
  return clean
end

local function strip(element)
  element.attributes = kept(element.attributes)
  return element
end

local function allowed(target)
  local plain = target:gsub("[%c%s]", ""):lower()
  local scheme = plain:match("^([^/?#]*):")
  return scheme == nil or SCHEMES[scheme] == true
end

local function raw(element)
  if (html or github or notebook) and element.format == "html" and TAGS[element.text:lower()] then
    return nil
  end
  -- A summary is all that tells where a folded part begins.
  return {}
end

local function picture(image)
  local name = image.src:match("^workings%-picture%-%d+%.%a+$")
  if name == nil then
    local words = pandoc.List({ pandoc.Str("[picture left out: ") })
    words:extend(image.caption)
    words:insert(pandoc.Str("]"))
    return pandoc.Span(words)
  end
  strip(image)
  image.title = ""
  if docx then
    -- The sandbox keeps pandoc from opening files; the pictures of this document are handed to it here.
    local file = assert(io.open(os.getenv("WORKINGS_PICTURES") .. "/" .. name, "rb"))
    pandoc.mediabag.insert(name, nil, file:read("a"))
    file:close()
  end
  if notebook then
    local alt = image.attributes.alt or pandoc.utils.stringify(image.caption)
    return pandoc.RawInline("markdown", "![" .. alt:gsub("[%[%]\\`\n]", " ") .. "](attachment:" .. name .. ")")
  end
  return image
end

local clean = {
  RawBlock = raw,
  RawInline = raw,
  Image = picture,
  Link = function(link)
    strip(link)
    link.title = ""
    local place = link.target:match("^#(.*)$")
    if place and places[place] or not place and allowed(link.target) then return link end
    return pandoc.Span(link.content)
  end,
  Header = strip,
  Div = strip,
  Span = strip,
  Code = strip,
  CodeBlock = strip,
  Table = strip,
}

-- ---------------------------------------------------------------------------------------------------------

local function mathematics(math)
  if math.mathtype == "DisplayMath" then return pandoc.Span({ math }, { class = "equation" }) end
  -- Browsers don't break MathML into lines, so that a long formula in running text needs a box of its own.
  if #math.text > 40 or math.text:match("\\begin") then return pandoc.Span({ math }, { class = "wide" }) end
end

-- Mends what pandoc 3.9 writes as typst: spaces rounded down to whole ems, brackets blown up with blanks about
-- them, a word and a bracket kept apart.
local function typst_mathematics(math)
  math.text = math.text:gsub("\\[bB]igg?[lrm]?%f[^%a]", "")
  local source = pandoc.write(pandoc.Pandoc({ pandoc.Plain({ math }) }), "typst", { wrap_text = "none" })
  source = source:gsub("#h%(%-1em%)", "#h(-0.167em)"):gsub("#h%(0em%)", "#h(0.278em)")
  source = source:gsub('"(%a+)" (\\?%()', 'op("%1")%2'):gsub("%s+$", "")
  source = source:gsub("cases%b()", function(cases) return (cases:gsub(" & ", " &quad ")) end)
  return pandoc.RawInline("typst", source)
end

local function first(element, set)
  for _, class in ipairs(element.classes) do
    if set[class] then return class end
  end
end

local function folded(div)
  local summary = (div.attributes.summary or "Working"):gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;")
  local blocks = pandoc.List({ pandoc.RawBlock("html", "<details><summary>" .. summary .. "</summary>") })
  blocks:extend(div.content)
  blocks:insert(pandoc.RawBlock("html", "</details>"))
  return blocks
end

local function division(div)
  -- A closing ::: right under a line leaves that line without a paragraph of its own.
  div.content = div.content:map(function(block)
    return block.t == "Plain" and pandoc.Para(block.content) or block
  end)
  if div.classes:includes("details") then
    if html or github or notebook then return folded(div) end
    div.content:insert(1, pandoc.Para({ pandoc.Strong({ pandoc.Str(div.attributes.summary or "Working") }) }))
    div.attributes.summary = nil
  end
  if typst then
    local card = first(div, CARDS) or (div.classes:includes("details") and "note")
    if card then
      local marks = (div.attributes.marks or ""):match("^[%d.]+$")
      local worth = marks and ', marks: "' .. marks .. '"' or ""
      div.content:insert(1, pandoc.RawBlock("typst", '#card("' .. card .. '"' .. worth .. ')['))
      div.content:insert(pandoc.RawBlock("typst", "]"))
      return div
    end
  end
end

local function span(element)
  local verdict = first(element, VERDICTS)
  if verdict and typst then
    element.content:insert(1, pandoc.RawInline("typst", '#verdict("' .. verdict .. '")['))
    element.content:insert(pandoc.RawInline("typst", "]"))
    return element
  end
  if verdict and (github or notebook) then return pandoc.Strong(element.content) end
end

-- A picture that stands alone stands in the middle.
local function centred(paragraph)
  if #paragraph.content == 1 and paragraph.content[1].t == "Image" then
    return { pandoc.RawBlock("typst", "#align(center)["), pandoc.Plain(paragraph.content), pandoc.RawBlock("typst", "]") }
  end
end

-- One cell a heading or a card; what stands between stays with what it follows.
local function cells(document)
  local found, open = pandoc.List({}), nil
  for _, block in ipairs(document.blocks) do
    local starts = block.t == "Header" or (block.t == "Div" and first(block, CARDS))
    local headings_only = open and open:find_if(function(b) return b.t ~= "Header" end) == nil
    if open == nil or (starts and not (headings_only and block.t ~= "Header")) then
      open = pandoc.List({})
      found:insert(open)
    end
    open:insert(block)
  end
  document.blocks = found:map(function(blocks) return pandoc.Div(blocks, { class = "cell markdown" }) end)
  return document
end

local shape = { Div = division, Span = span }
if html then
  shape.Math = mathematics
  shape.Table = function(table) return pandoc.Div({ table }, { class = "scroll" }) end
  shape.CodeBlock = function(block) return pandoc.Div({ block }, { class = "scroll" }) end
end
if notebook or github then
  shape.Figure = function(figure)
    local blocks = figure.content
    blocks:insert(pandoc.Para({ pandoc.Emph(pandoc.utils.blocks_to_inlines(figure.caption.long)) }))
    return blocks
  end
end
if typst then
  shape.Math = typst_mathematics
  shape.Para = centred
end
if notebook then return { named, clean, shape, { Pandoc = cells } } end
return { named, clean, shape }
