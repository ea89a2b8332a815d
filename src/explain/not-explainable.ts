/** A decision that cannot be made again, with the reason for people. */
export class NotExplainable extends Error {}
