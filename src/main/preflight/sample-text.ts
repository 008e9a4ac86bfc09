/** Text of our own for preflights where the user gives none: narration, dialogue, a letter, a list, explanation, numbers, code. */
export const SAMPLE_TEXT = `The harbour was quiet before dawn. Two fishing boats lay against the wall, and a man in a grey coat counted the ropes. "You are late," he said. "The tide does not wait for anybody." She laughed and threw him the keys. By the time the sun was up they were past the lighthouse, and the town behind them was a thin white line.

When Anna was seven, her grandfather gave her a small wooden box with a lock. He told her not to open it until she had learned to keep a secret. Every year on her birthday she asked for the key, and every year he smiled and asked her a question. The question was never the same, but the answer was always wrong. She was not angry. She knew that one day she would be right.

Bread needs only four things: flour, water, salt and time. Mix the first three until no dry flour is left, cover the bowl and wait. After an hour the dough will be softer, and you can fold it over itself a few times. Let it rest overnight in a cold place. In the morning, heat the oven as hot as it will go, shape the loaf gently and bake it until the crust is dark and sounds hollow when you knock on it.

Dear Mr Keller, thank you for your letter of 14 March. I am sorry that the parcel did not arrive in time for the wedding. We have sent a second one today, without charge, and we hope that the couple will forgive us. If anything else is missing, please call me at the office between nine and five.

Rivers carry more than water. A stream that runs quickly over stones can move sand and gravel, while a slow river on a plain drops even the finest mud. This is why the land beside the lower part of a river is often flat and rich, and why people have built their fields and cities there for thousands of years. It is also why those cities are flooded so often.

The council met on Tuesday to discuss the new bridge. Supporters said it would shorten the drive to the hospital from forty minutes to twelve; opponents answered that the money, about 3.2 million, would be better spent on buses. The mayor promised a decision before the summer. "We have talked about this for ten years," she told reporters. "It is time to vote."

def mean(values):
    total = 0
    for value in values:
        total += value
    return total / len(values)

The winner is decided in three rounds. In the first, each player draws five cards and may exchange two of them. In the second, players bid for the right to name the suit. In the third, the cards are played one at a time, and the highest card of the named suit takes the trick. Whoever has taken the most tricks at the end wins; if two players are equal, they share the prize.

Nobody in the village had ever seen snow. When it began to fall, the children ran outside with bowls and cups to catch it, and the old people stood at their windows and did not know what to say. By noon the road was white. By evening the shop had sold every pair of gloves it owned, including a yellow pair that had hung in the window since before the war.
`
