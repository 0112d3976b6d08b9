// Lists, and whatever else is asked for anew, and that events tell of meanwhile. Answers may come in another order than they were asked
// for, and an event may overtake the answer that does not know of it yet: the newest answer counts, and what was heard
// while it was on its way is done to it once more.
export class Newest {
  #asked = 0;
  #answered = 0;
  #awaited = new Set(); // for each answer under way, what was heard since it was asked for

  // The list as it is now: `take` gets the answer of `request`, unless it was asked for again meanwhile. Throws what the
  // newest request throws.
  ask(request, take) {
    const here = (answer) => {
      this.#answered += 1;
      take(answer);
    };
    return this.#follow(request, here, (this.#asked += 1));
  }

  // A further page of it, which goes with it: for nothing when the list was asked for anew, or came anew meanwhile.
  more(request, take) {
    const before = this.#answered;
    return this.#follow(request, (answer) => before === this.#answered && take(answer), this.#asked);
  }

  // What an event does to the list: now, and to every answer that may be older. It has to bear being done twice.
  hear(change) {
    for (const heard of this.#awaited) heard.push(change);
    change();
  }

  async #follow(request, take, mine) {
    const heard = [];
    this.#awaited.add(heard);
    try {
      const answer = await request();
      if (mine !== this.#asked) return;
      take(answer);
      for (const change of heard) change();
    } catch (error) {
      if (mine === this.#asked) throw error;
    } finally {
      this.#awaited.delete(heard);
    }
  }
}

// `list` with a further page of it. What an event has brought meanwhile is in it already.
export function withMore(list, page) {
  const known = new Set(list.items.map((one) => one.id));
  return { ...list, items: [...list.items, ...page.items.filter((one) => !known.has(one.id))], next: page.next };
}
