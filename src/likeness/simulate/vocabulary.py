"""The words of the synthetic shop, in English and Chinese. Everything here was made up for it."""

from __future__ import annotations

from typing import NamedTuple


class Leaf(NamedTuple):
    """One leaf category: what it is called, what it is made of, what it costs, when it sells, when it runs out."""

    path: tuple[str, ...]
    nouns: tuple[str, ...]  # two English names, the usual one first
    nouns_zh: tuple[str, ...]
    materials: tuple[str, ...]  # keys of MATERIALS
    price: float  # of a middle-tier item
    cycle: float  # days until it is used up; 0: not a consumable
    peak: int  # month of strongest demand, 1 to 12; 0: none


def _leaf(line: str) -> Leaf:
    path, nouns, nouns_zh, materials, numbers = line.split(" | ")
    price, cycle, peak = numbers.split()
    return Leaf(
        path=tuple(path.split(" > ")),
        nouns=tuple(nouns.split(", ")),
        nouns_zh=tuple(nouns_zh.split(", ")),
        materials=tuple(materials.split()),
        price=float(price),
        cycle=float(cycle),
        peak=int(peak),
    )


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Return (English, Chinese) pairs of a text such as "red/红色; blue/蓝色"."""
    words = [word.split("/") for word in text.replace("\n", "; ").split("; ") if word]
    return tuple((english, chinese) for english, chinese in words)


# path | names | 名称 | materials | price, days until used up, month of the peak
LEAVES = tuple(
    _leaf(line)
    for line in """
Home > Kitchen > Mugs | mug, coffee cup | 马克杯, 咖啡杯 | ceramic glass steel | 14 0 0
Home > Kitchen > Teapots | teapot, tea kettle | 茶壶, 泡茶壶 | ceramic iron glass | 32 0 0
Home > Kitchen > Frying pans | frying pan, skillet | 平底锅, 煎锅 | iron steel | 38 0 0
Home > Kitchen > Baking tins | baking tin, cake mould | 烘焙模具, 蛋糕模 | steel silicone | 17 0 12
Home > Bedding > Duvets | duvet, quilt | 被子, 羽绒被 | down cotton wool | 95 0 11
Home > Bedding > Pillows | pillow, headrest pillow | 枕头, 护颈枕 | down latex cotton | 28 0 0
Home > Decoration > Candles | scented candle, candle | 香薰蜡烛, 蜡烛 | soy beeswax | 16 40 12
Home > Decoration > Table lamps | table lamp, bedside lamp | 台灯, 床头灯 | glass wood steel | 45 0 0
Home > Cleaning > Detergents | laundry detergent, washing liquid | 洗衣液, 洗涤剂 | plant mineral | 12 35 0
Food > Coffee > Beans | coffee beans, espresso beans | 咖啡豆, 意式咖啡豆 | arabica robusta | 15 24 0
Food > Tea > Green tea | green tea, loose green tea | 绿茶, 龙井茶 | leaf jasmine | 18 38 4
Food > Tea > Black tea | black tea, breakfast tea | 红茶, 早餐茶 | leaf bergamot | 13 38 0
Food > Snacks > Nuts | mixed nuts, roasted nuts | 混合坚果, 每日坚果 | almond walnut | 11 21 1
Food > Snacks > Chocolate | dark chocolate, chocolate bar | 黑巧克力, 巧克力 | cocoa almond | 8 18 2
Food > Baking > Flour | bread flour, baking flour | 高筋面粉, 面包粉 | wheat rye | 6 28 0
Beauty > Skin care > Face cream | face cream, moisturiser | 面霜, 保湿霜 | aloe rose oat | 26 55 11
Beauty > Skin care > Sunscreen | sunscreen, sun lotion | 防晒霜, 防晒乳 | aloe mineral | 19 50 7
Beauty > Hair > Shampoo | shampoo, hair wash | 洗发水, 洗发露 | oat ginger rose | 13 42 0
Beauty > Make-up > Lipstick | lipstick, lip colour | 口红, 唇膏 | beeswax rose | 21 0 0
Beauty > Make-up > Perfume | perfume, eau de toilette | 香水, 淡香水 | rose jasmine bergamot | 62 0 2
Baby > Nursing > Nappies | nappies, diapers | 纸尿裤, 尿不湿 | cotton plant | 24 16 0
Baby > Nursing > Baby bottles | baby bottle, feeding bottle | 奶瓶, 婴儿奶瓶 | glass silicone | 15 0 0
Baby > Toys > Building blocks | building blocks, wooden bricks | 积木, 拼装积木 | wood silicone | 29 0 12
Baby > Toys > Plush toys | plush toy, soft toy | 毛绒玩具, 玩偶 | cotton wool | 18 0 12
Sports > Running > Running shoes | running shoes, trainers | 跑步鞋, 跑鞋 | mesh leather | 84 0 4
Sports > Running > Sports socks | sports socks, running socks | 运动袜, 跑步袜 | cotton wool | 12 0 0
Sports > Hiking > Backpacks | hiking backpack, rucksack | 登山包, 双肩包 | canvas mesh | 72 0 6
Sports > Hiking > Tents | camping tent, dome tent | 帐篷, 露营帐篷 | canvas mesh | 138 0 6
Sports > Fitness > Yoga mats | yoga mat, exercise mat | 瑜伽垫, 健身垫 | cork latex | 34 0 1
Sports > Fitness > Protein powder | protein powder, whey shake | 蛋白粉, 乳清蛋白粉 | cocoa plant | 36 30 1
Pets > Dogs > Dog food | dog food, dry dog food | 狗粮, 成犬粮 | chicken salmon | 31 26 0
Pets > Cats > Cat food | cat food, wet cat food | 猫粮, 猫罐头 | salmon chicken | 22 20 0
Pets > Cats > Cat litter | cat litter, clumping litter | 猫砂, 豆腐猫砂 | mineral plant | 14 22 0
Electronics > Desk > Keyboards | mechanical keyboard, keyboard | 机械键盘, 键盘 | steel wood | 79 0 9
Electronics > Desk > Monitors | desk monitor, computer display | 显示器, 电脑屏幕 | glass steel | 210 0 11
Electronics > Audio > Headphones | headphones, wireless headset | 耳机, 无线耳机 | leather mesh | 96 0 11
Garden > Plants > Seeds | flower seeds, seed mix | 花种子, 种子 | leaf rose | 5 60 3
Garden > Plants > Pots | plant pot, flower pot | 花盆, 陶盆 | ceramic wood | 19 0 4
Garden > Tools > Pruners | garden pruner, hand shears | 园艺剪, 修枝剪 | steel wood | 27 0 5
Garden > Tools > Watering cans | watering can, sprinkler can | 浇水壶, 洒水壶 | steel iron | 23 0 5
""".strip().splitlines()
)

BRANDS = _pairs("""
Almery/艾美里; Bodrin/博德林; Calvane/卡尔湾; Dorwick/多维克; Elbara/艾芭拉; Fennora/芬诺拉
Gralund/格兰朗; Hestiva/赫斯缇; Iverlo/艾弗洛; Jundal/君达尔; Kestin/凯斯汀; Lumidor/路米朵
Mirelle Oak/米雷橡; Norvay/诺维雅; Orbeth/欧贝斯; Pellora/佩洛拉; Quenby/昆比; Rosvane/罗馨
Sundara Lane/桑达拉; Tavish/塔维诗; Umbero/安贝罗; Velmont/维尔蒙; Wexley/韦斯里; Xanthe/仙缇
Yarrowen/雅罗; Zellin/泽琳; Qinghe/青禾; Yunmo/云沫; Songlan/松岚; Baitang/白棠
""")

MATERIALS = dict(
    _pairs("""
ceramic/陶瓷; glass/玻璃; steel/不锈钢; iron/铸铁; silicone/硅胶; down/羽绒; cotton/纯棉; wool/羊毛
latex/乳胶; soy/大豆蜡; beeswax/蜂蜡; wood/木质; plant/植物; mineral/矿物; arabica/阿拉比卡; robusta/罗布斯塔
leaf/叶片; jasmine/茉莉; bergamot/佛手柑; almond/杏仁; walnut/核桃; cocoa/可可; wheat/小麦; rye/黑麦
aloe/芦荟; rose/玫瑰; oat/燕麦; ginger/生姜; mesh/网面; leather/皮革; canvas/帆布; cork/软木
chicken/鸡肉; salmon/三文鱼
""")
)

COLOURS = _pairs("blue/蓝色; red/红色; green/绿色; black/黑色; white/白色; yellow/黄色; pink/粉色; grey/灰色")

# For things that last, and for things that are used up; a consumable's colour is its packet's.
ADJECTIVES = (
    _pairs("classic/经典; slim/轻薄; everyday/日常; handmade/手工; deluxe/豪华; compact/便携; modern/简约; retro/复古"),
    _pairs("organic/有机; classic/经典; everyday/日常; deluxe/特级; pure/纯正; mild/温和; rich/浓郁; gentle/柔和"),
)
SIZES = (
    _pairs("small/小号; medium/中号; large/大号; extra large/特大号; set of two/两件套"),
    _pairs("trial size/试用装; standard size/标准装; twin pack/两件装; family pack/家庭装; bulk box/整箱"),
)


class Habit(NamedTuple):
    """When people of one kind shop: Gaussian bumps (hour, width in hours, height) on working days and at weekends."""

    working: tuple[tuple[float, float, float], ...]
    weekend: tuple[tuple[float, float, float], ...]


HABITS = {
    "lunch": Habit(((12.5, 1.0, 3.0), (20.0, 2.0, 1.0)), ((14.0, 3.0, 0.5),)),
    "evening": Habit(((20.5, 1.5, 3.0), (8.0, 1.0, 0.5)), ((20.0, 2.5, 2.0),)),
    "night": Habit(((23.0, 1.5, 3.0), (1.0, 1.2, 1.5)), ((23.5, 2.0, 3.0),)),
    "weekend": Habit(((19.0, 2.0, 0.4),), ((11.0, 2.0, 4.0), (16.0, 2.0, 2.0))),
    "morning": Habit(((7.5, 1.2, 3.0), (13.0, 2.0, 0.7)), ((9.0, 1.5, 2.0),)),
}


class Kind(NamedTuple):
    """One latent persona: what it likes, the price tier it pays (0 budget, 1 middle, 2 premium), when it shops."""

    name: str
    leaves: tuple[str, ...]  # last part of the paths it likes, most liked first
    tier: float
    habit: str


KINDS = (
    Kind("home baker", ("Baking tins", "Flour", "Chocolate", "Nuts"), 0.9, "weekend"),
    Kind("coffee person", ("Beans", "Mugs", "Chocolate", "Frying pans"), 1.4, "morning"),
    Kind("tea drinker", ("Green tea", "Teapots", "Black tea", "Candles"), 1.6, "evening"),
    Kind("new parent", ("Nappies", "Baby bottles", "Plush toys", "Detergents"), 0.7, "night"),
    Kind("runner", ("Running shoes", "Protein powder", "Sports socks", "Sunscreen"), 1.3, "morning"),
    Kind("hiker", ("Backpacks", "Tents", "Nuts", "Sports socks"), 1.0, "weekend"),
    Kind("beauty lover", ("Face cream", "Lipstick", "Perfume", "Shampoo"), 1.8, "evening"),
    Kind("cat keeper", ("Cat food", "Cat litter", "Plush toys", "Pillows"), 0.8, "evening"),
    Kind("dog owner", ("Dog food", "Running shoes", "Detergents", "Backpacks"), 0.6, "lunch"),
    Kind("desk worker", ("Keyboards", "Monitors", "Headphones", "Beans"), 1.7, "night"),
    Kind("gardener", ("Seeds", "Pots", "Pruners", "Watering cans"), 0.5, "weekend"),
    Kind("nest builder", ("Duvets", "Table lamps", "Pillows", "Candles"), 1.2, "lunch"),
)

REVIEWS = {
    ("good", "en"): """
My new {noun} surpassed what I had hoped for.
Great quality, and it arrived quickly.
Bought {noun} from {brand} again, still happy.
Worth the price.
Feels solid and looks lovely.
Exactly what I was looking for.
""".strip().splitlines(),
    ("fair", "en"): """
All right for the price.
Does its job, nothing special.
Smaller than I expected.
Delivery took a while, otherwise fine.
""".strip().splitlines(),
    ("bad", "en"): """
The {noun} broke after a few days.
Not like the picture, sent it back.
Far too expensive for what it is.
The quality of {brand} has gone down.
Arrived damaged and smells odd.
""".strip().splitlines(),
    ("good", "zh"): """
这款{noun}比想象中还要好。
质量很好，发货也快。
第二次买{brand}的{noun}了，一直很满意。
物有所值，会回购。
手感扎实，颜值也高。
""".strip().splitlines(),
    ("fair", "zh"): """
{noun}还可以，对得起这个价格。
能用，没有什么特别的。
比预想的小一点。
物流有点慢，东西一般。
""".strip().splitlines(),
    ("bad", "zh"): """
{noun}用了几天就坏了。
和图片不一样，已经退货。
太贵了，不值这个价。
{brand}的质量不如以前。
收到时就有破损，还有异味。
""".strip().splitlines(),
}
