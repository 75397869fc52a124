//! Who is on the wire: the carrier, the telephone systems and phones of the customers.

use super::wire::Wire;
use crate::customers::{Access, CUSTOMERS, Customer};
use crate::settings::{CARRIER, Passwords, Places};
use ringfence_sim::chance::Chance;
use ringfence_sim::sip::{Account, Role};
use std::io;
use std::net::SocketAddr;

/// How long a phone's contact holds, in seconds.
const EXPIRES: u32 = 600;

/// The agents of everybody, by their numbers on the wire.
pub struct House {
    /// The carrier.
    pub carrier: usize,
    /// Of each customer, its telephone system, or a phone for each of its extensions.
    pub customers: Vec<Vec<usize>>,
    /// What the phones know.
    pub passwords: Passwords,
}

impl House {
    /// Takes everybody's sockets.
    ///
    /// # Errors
    /// When an address of this machine cannot be had.
    pub fn open(wire: &mut Wire, chance: &Chance) -> io::Result<Self> {
        let passwords = Passwords::of_world(chance);
        let mut forks = (100..).map(|fork| chance.fork(fork));
        let mut fork = || forks.next().unwrap_or_else(|| chance.clone());
        let role = Role::Carrier { always: None, returns_to: String::new() };
        let carrier = wire.add((role, "Carrier SBC"), CARRIER, fork())?;
        let mut customers = Vec::new();
        for (index, customer) in CUSTOMERS.iter().enumerate() {
            let at = Customer::address(index);
            let nodes = match customer.access {
                Access::Pbx => vec![wire.add((Role::Pbx, customer.product()), at, fork())?],
                Access::Phones => {
                    let phone = |extension: &&str| {
                        let password = passwords.of(index, extension);
                        let role = phone(customer, extension, password);
                        wire.add((role, customer.product()), at, fork())
                    };
                    customer.extensions.iter().map(phone).collect::<io::Result<_>>()?
                }
            };
            customers.push(nodes);
        }
        Ok(Self { carrier, customers, passwords })
    }

    /// What settings must say of them.
    #[must_use]
    pub fn places(&self, wire: &Wire, (sip, web): (SocketAddr, SocketAddr)) -> Option<Places> {
        let carrier = wire.address(self.carrier)?;
        let pbx = |(customer, nodes): (&Customer, &Vec<usize>)| match customer.access {
            Access::Pbx => nodes.first().and_then(|node| wire.address(*node)),
            Access::Phones => None,
        };
        let pbxs = CUSTOMERS.iter().zip(&self.customers).map(pbx).collect();
        Some(Places { sip, web, carrier, pbxs })
    }

    /// Every phone.
    pub fn phones(&self) -> impl Iterator<Item = usize> {
        let of = CUSTOMERS.iter().zip(&self.customers);
        of.filter(|(customer, _)| customer.access == Access::Phones)
            .flat_map(|(_, nodes)| nodes.iter().copied())
    }

    /// Who calls for an extension of a customer.
    #[must_use]
    pub fn caller(&self, customer: usize, extension: usize) -> Option<usize> {
        let nodes = self.customers.get(customer)?;
        nodes.get(extension).or_else(|| nodes.first()).copied()
    }
}

/// A phone of an extension, wherever it is.
#[must_use]
pub fn phone(customer: &Customer, extension: &str, password: String) -> Role {
    Role::Phone(Account {
        user: extension.to_owned(),
        password,
        domain: customer.domain(),
        expires_secs: EXPIRES,
    })
}
