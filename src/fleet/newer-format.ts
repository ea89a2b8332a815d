/** What a newer version of the program wrote and this one cannot read: it judges nothing by halves. */
export class NewerFormat extends RangeError {}
