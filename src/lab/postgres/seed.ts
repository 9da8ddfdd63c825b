/** What the lab's database holds: something to select. */
export const SEED = `
create table orders (
  id integer primary key,
  customer text not null,
  amount_cents integer not null,
  status text not null
);
insert into orders values
  (1, 'ada', 1999, 'paid'),
  (2, 'grace', 4250, 'paid'),
  (3, 'edsger', 799, 'open');
`;
