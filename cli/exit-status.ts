/** What the exit status of a verb that judges a run says. */
export const EXIT_STATUSES = `
Exit statuses:
  0  complete: every parameter has exactly one result
  3  complete, but some of the parameters are dead
  1  incomplete, or what was asked for could not be done
  2  wrong usage or configuration`;
